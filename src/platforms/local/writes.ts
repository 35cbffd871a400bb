import { errors } from "./answers";
import type { Fleet, Route } from "./fleet";
import { type ReplicaAnswer, sendWrite } from "./replica-client";
import type { ClientRequest } from "./request";

/**
 * Takes writes one after the other to every replica. A write is refused while one of them is out, so that the replicas
 * never differ by more than one, and acknowledged once at least one replica has it: that one's data then goes to those
 * that died meanwhile, or came to another end.
 */
export class Writes {
	#last: Promise<unknown> = Promise.resolve();

	constructor(readonly fleet: Fleet) {}

	/** Carries a write out, whether its client still waits or not; throws {@link QueryError} when it can't be taken. */
	write(request: ClientRequest): Promise<ReplicaAnswer> {
		const turn = this.#last.then(() => this.#write(request));
		this.#last = turn.catch(() => undefined);
		return turn;
	}

	async #write({ params, body }: ClientRequest): Promise<ReplicaAnswer> {
		const answers = await this.fleet.writeToAll((n, routes) =>
			Promise.all(routes.map((route) => this.#send(route, n, params.toString(), body))),
		);
		if (answers === undefined) {
			const why = this.fleet.missing().join("; ") || "one lacks the last write";
			throw errors.writesPause(
				`Writes pause while a replica is out, so that the replicas stay the same: ${why}. Try again soon`,
			);
		}
		const known = answers.filter((answer) => answer !== undefined);
		// A failure that is sure before one that broke off.
		const best = known.find(isDone) ?? known.find(({ status }) => status !== 503) ?? known[0];
		if (best !== undefined) return best;
		throw errors.noReplica(
			`Every replica ended while it took the write, which may be there in part: ${this.fleet.missing().join("; ")}`,
		);
	}

	/** No answer where the replica died meanwhile. */
	async #send({ replica, socket }: Route, n: number, params: string, body: Buffer) {
		const done = this.fleet.count(replica);
		try {
			return await sendWrite(socket, n, params, body);
		} catch {
			return undefined;
		} finally {
			done();
		}
	}
}

const isDone = ({ code }: ReplicaAnswer) => code === undefined;
