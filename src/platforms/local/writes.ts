import { errors } from "./answers";
import { writeDurably } from "./durable";
import { errorText } from "./error-text";
import type { Fleet, Route } from "./fleet";
import { paths } from "./home";
import { applyWrite, type ReplicaAnswer } from "./replica-client";
import type { ClientRequest } from "./request";
import type { WriteLog } from "./write-log";

/** Writes between two looks at what of the log is no longer needed. */
const truncateEvery = 100;

/** What a replica made of a write; no answer when it died meanwhile. */
interface Outcome {
	readonly route: Route;
	readonly answer: ReplicaAnswer | undefined;
}

/**
 * Takes writes one after the other: each goes into the log, then to every replica. It is refused while one of them is
 * out, so that the replicas never differ, and acknowledged once it is in the log for good and in at least one replica.
 */
export class Writes {
	#last: Promise<unknown> = Promise.resolve();

	constructor(
		readonly fleet: Fleet,
		readonly log: WriteLog,
	) {}

	/** Carries a write out, whether its client still waits or not; throws {@link QueryError} when it can't be taken. */
	write(request: ClientRequest): Promise<ReplicaAnswer> {
		const turn = this.#last.then(() => this.#write(request));
		this.#last = turn.catch(() => undefined);
		return turn;
	}

	async #write({ params, body }: ClientRequest): Promise<ReplicaAnswer> {
		const routes = this.#allRoutes();
		const n = await this.#append(params.toString(), body);
		const outcomes = await Promise.all(
			routes.map(async (route) => {
				const done = this.fleet.count(route.replica);
				try {
					return { route, answer: await applyWrite(route.socket, n) };
				} catch {
					return { route, answer: undefined };
				} finally {
					done();
				}
			}),
		);
		return this.#agree(n, outcomes);
	}

	#allRoutes(): Route[] {
		const routes = this.fleet.routes();
		if (routes.length > 0 && routes.length === this.fleet.cluster?.replicas) return routes;
		const why = this.fleet.missing().join("; ");
		throw errors.writesPause(
			`Writes pause while a replica is out, so that the replicas stay the same: ${why}. Try again soon`,
		);
	}

	async #append(params: string, body: Buffer): Promise<number> {
		try {
			return await this.log.append(params, body);
		} catch (error) {
			throw errors.notWritten(errorText(error));
		}
	}

	/** The one answer to a write. A replica that died replays it from the log; one whose answer differs is held out for good. */
	#agree(n: number, outcomes: readonly Outcome[]): ReplicaAnswer {
		for (const { route, answer } of outcomes) if (answer === undefined) route.keeper.doubt();
		const answered = outcomes.filter(
			(outcome): outcome is Outcome & { answer: ReplicaAnswer } => outcome.answer !== undefined,
		);
		const best = answered.find(({ answer }) => isDone(answer)) ?? answered[0];
		if (best === undefined) {
			throw errors.noReplica(
				`Every replica ended while it took the write, which may yet come to hold: ${this.fleet.missing().join("; ")}`,
			);
		}
		if (answered.length === outcomes.length && n % truncateEvery === 0) this.#truncate(n);
		for (const { route, answer } of answered) {
			// What fails on all of them changed nothing, though engines of two versions may name it differently.
			if (isDone(answer) === isDone(best.answer)) continue;
			const words = `its data may differ from the others' since write ${n}, which it answered with ${said(answer)} and another replica with ${said(best.answer)}; to mend it, stop the cluster, put a copy of the other replica's folder in the place of its own, and start`;
			writeDurably(paths.heldOut(this.fleet.store.folder, route.replica), words);
			route.keeper.doubt();
		}
		return best.answer;
	}

	/** Drops what every replica holds; a log that stays too long costs room and nothing else. */
	#truncate(n: number): void {
		try {
			this.log.truncate(n);
		} catch (error) {
			console.error(errorText(error));
		}
	}
}

const isDone = ({ code }: ReplicaAnswer) => code === undefined;

function said({ code }: ReplicaAnswer): string {
	return code === undefined ? "success" : `error ${code}`;
}
