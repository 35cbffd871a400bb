/** Thrown by `goOn` inside a piece of work after another has failed. */
class Abandoned extends Error {}

/**
 * Runs lanes of work in parallel, at most `atOnce`, each in its order. The first piece of the first lane is the canary:
 * everything else waits for it. After the first failure nothing new begins; what runs is completed, and then that
 * failure is thrown.
 *
 * @param work Calls `goOn` while it can still be abandoned: it throws once another piece has failed.
 */
export async function runLanes<Piece>(
	lanes: readonly (readonly Piece[])[],
	atOnce: number,
	work: (piece: Piece, goOn: () => void) => Promise<void>,
): Promise<void> {
	let failure: { readonly error: unknown } | undefined;
	const goOn = () => {
		if (failure !== undefined) throw new Abandoned();
	};
	async function run(pieces: readonly Piece[]): Promise<void> {
		for (const piece of pieces) {
			if (failure !== undefined) return;
			try {
				await work(piece, goOn);
			} catch (error) {
				failure ??= { error };
			}
		}
	}
	const [first = [], ...rest] = lanes;
	await run(first.slice(0, 1));
	const waiting = [first.slice(1), ...rest];
	async function runNext(): Promise<void> {
		for (let lane = waiting.shift(); lane !== undefined; lane = waiting.shift()) await run(lane);
	}
	await Promise.all(Array.from({ length: Math.min(atOnce, lanes.length) }, runNext));
	if (failure !== undefined) throw failure.error;
}
