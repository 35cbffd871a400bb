import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Whole rollouts with a fault at each of their calls, of which others have enough. */
const slow = /\/test\/roll\/(resize-faults|scale|timeline)\.test\.ts$/;

/** Whole rollouts, by which most mutants of what has no test of its own are killed. */
const first = /\/test\/roll\/(order|out|resume|trouble)\.test\.ts$/;

/**
 * A mutant is given the tests of its file, if it has any: for `src/core/plan.ts` those are `test/core/plan*.test.ts`. All
 * that reach it would take ten times as long, and those that are about something else are no tests of it.
 */
class OfTheFile extends BaseSequencer {
	override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
		const [mutated = "", ...more] = [this.ctx.config.related ?? []].flat();
		const name = /^.*\/src\/(.+)\.ts$/.exec(mutated)?.[1];
		const own = files.filter(({ moduleId }) => moduleId.includes(`/test/${name}`));
		if (more.length > 0) return super.sort(files);
		if (own.length > 0) return super.sort(own);
		const quick = files.filter(({ moduleId }) => !slow.test(moduleId));
		const isFirst = ({ moduleId }: TestSpecification) => first.test(moduleId);
		return [...quick.filter(isFirst), ...quick.filter((file) => !isFirst(file))];
	}
}

/** Of thousands of random cases the first ones kill almost all that any of them kills. */
const fewRuns = {
	name: "few-runs",
	enforce: "pre",
	transform(code: string, id: string) {
		// Some rule says no in one case of thousands only, and all have to.
		if (!/\/test\/core\/.*\.test\.ts$/.test(id) || id.endsWith("/rules/index.test.ts")) return undefined;
		return code.replace(/numRuns: \d{4}/g, "numRuns: 200");
	},
} as const;

/** The quick tests of what is mutated, without real engines: each mutant is given those of a folder that reach it. */
export default defineConfig({
	plugins: [fewRuns],
	test: {
		include: ["**/*.test.ts"],
		exclude: [
			// They start real engines.
			"**/ask/{alone,copy-tables,flush,statements,tally}.test.ts",
			// They replace a module that others in the process have loaded.
			"**/{behind,imported}.test.ts",
			// Long series of updates.
			"**/{forward,killed}.test.ts",
		],
		setupFiles: ["test/seed.mts", "tools/mutate/setup.mts", "test/scripted/hours.ts"],
		sequence: { sequencer: OfTheFile },
		// One process for all files of a mutant.
		isolate: false,
		testTimeout: 120_000,
	},
});
