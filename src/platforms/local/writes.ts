import { ClickHouseError, noReplica } from "./answers";
import type { Fleet } from "./fleet";
import { type ReplicaAnswer, sendWrite } from "./replica-client";
import type { ClientRequest } from "./request";
import type { Supervisor } from "./supervisor";

/**
 * Takes writes one after the other to every replica. A write is refused while one of them is out, so that the replicas
 * never differ by more than one, and acknowledged once at least one replica has it: that one's data then goes to those
 * that died meanwhile, or came to another end.
 */
export class Writes {
	#last: Promise<unknown> = Promise.resolve();

	constructor(readonly fleet: Fleet) {}

	/** Carries a write out, whether its client still waits or not; throws {@link ClickHouseError} when it can't be taken. */
	write(request: ClientRequest): Promise<ReplicaAnswer> {
		const turn = this.#last.then(() => this.#write(request));
		this.#last = turn.catch(() => undefined);
		return turn;
	}

	async #write({ params, body }: ClientRequest): Promise<ReplicaAnswer> {
		const answers = await this.fleet.writeToAll((n, all) =>
			Promise.all(all.map((replica) => send(replica, n, params.toString(), body))),
		);
		if (answers === undefined) {
			const why = this.fleet.missing().join("; ") || "a replica lacks the last write";
			const words = `Writes pause while a replica does not serve, so that all replicas stay equal: ${why}. Try again soon`;
			// What replicated tables answer while they are read-only, which clients know as an error to try again.
			throw new ClickHouseError(242, "TABLE_IS_READ_ONLY", words, 503);
		}
		const known = answers.filter((answer) => answer !== undefined);
		// A failure that is sure before one that broke off.
		const best = known.find(({ code }) => code === undefined) ?? known.find(({ status }) => status !== 503) ?? known[0];
		if (best !== undefined) return best;
		throw noReplica(
			`Every replica exited while it ran the write, which may be stored in part: ${this.fleet.missing().join("; ")}`,
		);
	}
}

/** No answer where the replica died meanwhile. */
async function send(replica: Supervisor, n: number, params: string, body: Buffer): Promise<ReplicaAnswer | undefined> {
	replica.active += 1;
	try {
		return await sendWrite(replica.socket, n, params, body);
	} catch {
		return undefined;
	} finally {
		replica.active -= 1;
	}
}
