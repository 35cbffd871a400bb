import { Claimed, ClaimLost } from "../../src/control/errors";
import type { Claim } from "../../src/control/port";
import type { ClaimRecord } from "../../src/control/record";
import type { Clock } from "../../src/roll/clock";

/** Who may change a scripted cluster. */
export class Claims {
	/** The last one that was taken and not given up; it may have run out. */
	held: ClaimRecord | undefined;
	#fence = 0;

	constructor(private readonly clock: Clock) {}

	claim(holder: string, seconds: number): Claim {
		const now = this.clock.now();
		if (this.held !== undefined && Date.parse(this.held.expires) > now) {
			throw new Claimed(this.held.holder, this.held.expires);
		}
		return this.steal(holder, seconds);
	}

	/** As a fault: another takes the claim although it has not run out. */
	steal(holder: string, seconds: number): Claim {
		this.held = { holder, fence: ++this.#fence, expires: this.#in(seconds) };
		return { holder, fence: this.#fence };
	}

	check(claim: Claim): void {
		if (this.held?.fence !== claim.fence) throw new ClaimLost(this.held?.holder);
	}

	extend(claim: Claim, seconds: number): void {
		this.check(claim);
		this.held = { ...claim, expires: this.#in(seconds) };
	}

	release(claim: Claim): void {
		if (this.held?.fence === claim.fence) this.held = undefined;
	}

	#in(seconds: number): string {
		return new Date(this.clock.now() + seconds * 1000).toISOString();
	}
}
