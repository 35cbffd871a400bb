import { type Claimable, mustHold, withClaim, withExtended, withoutClaim } from "../../src/control/claims";
import type { Claim } from "../../src/control/port";
import type { ClaimRecord } from "../../src/control/record";
import type { Clock } from "../../src/roll/clock";

/** Who may change a scripted cluster. */
export class Claims {
	#record: Claimable = { fence: 0 };

	constructor(private readonly clock: Clock) {}

	/** The last one that was taken and not given up; it may have run out. */
	get held(): ClaimRecord | undefined {
		return this.#record.claim;
	}

	claim(holder: string, seconds: number): Claim {
		this.#record = withClaim(this.#record, { holder }, seconds, this.clock.now());
		return { holder, fence: this.#record.fence };
	}

	/** As a fault: another takes the claim although it has not run out. */
	steal(holder: string, seconds: number): Claim {
		this.#record = { fence: this.#record.fence };
		return this.claim(holder, seconds);
	}

	check(claim: Claim): void {
		mustHold(this.#record, claim);
	}

	extend(claim: Claim, seconds: number): void {
		this.#record = withExtended(this.#record, claim, seconds, this.clock.now());
	}

	release(claim: Claim): void {
		this.#record = withoutClaim(this.#record, claim);
	}
}
