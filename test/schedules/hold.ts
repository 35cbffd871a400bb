import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";

/** Set by `npm run soak`. */
const soaking = process.env.MODE === "soak";

/** Seconds on a machine that has nothing else to do; a soak ends when it has played all. */
export const timeout = soaking ? 0 : 600_000;

/** How many cases a test has, unless `npm run soak` says. */
export const cases = (usual: number) => fc.readConfigureGlobal()?.numRuns ?? usual;

/** Cases between two lines of a soak. */
const step = 10_000;

/**
 * Holds a property for many cases. What fails is shrunk and printed as plain data, so that it can become one of the
 * examples.
 */
export async function hold<T>(
	arbitrary: fc.Arbitrary<T>,
	holds: (value: T) => Promise<void>,
	{ examples = [], usual }: { readonly examples?: readonly T[]; readonly usual: number },
): Promise<void> {
	let done = 0;
	const property = fc.asyncProperty(arbitrary, async (value) => {
		await holds(value);
		// Virtual time never lets the real one pass, and whoever runs the tests would think that this hangs.
		await turn();
		if (soaking && ++done % step === 0) console.log(`${done} cases of seed ${fc.readConfigureGlobal()?.seed}`);
	});
	await fc.assert(property, {
		numRuns: cases(usual),
		examples: examples.map((example): [T] => [example]),
		reporter: (run) => {
			if (!run.failed) return;
			const [value] = run.counterexample ?? [];
			throw new Error(`${fc.defaultReportMessage(run)}\n\nAs an example:\n${JSON.stringify(value)}`);
		},
	});
}
