import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { LongestFirst } from "./test/longest-first.mts";

/** Tests on the real CLI, which computes most of the time, and waits for engines the rest. */
const cliWorkers = Math.min(4, availableParallelism() + 1);
/** Tests that start real engines: half a gigabyte is mapped and 250 MB are used by each; half the time they wait. */
const engineWorkers = Math.min(4, availableParallelism());
/** Tests on a cluster mostly wait for pods. */
const clusterWorkers = Math.min(4, availableParallelism() + 1);
const minute = 60_000;

const local = [
	"test/contract/local*.test.ts",
	"test/platforms/local/**/*.test.ts",
	"test/platforms/kubernetes/ask/{alone,flush,statements,copy-tables,tally}.test.ts",
	"test/platforms/kubernetes/adopted/disks.test.ts",
];
/** Only with a KUBECONFIG, and only when asked for: `npm run test:kubernetes`. */
const kubernetes = ["test/contract/kubernetes.test.ts", "test/kubernetes/**/*.test.{ts,mts}"];
const named = (name: string) => `test/kubernetes/${name}.test.{ts,mts}`;
/** What counts each request of many clients runs one by one: on few cores another test's pods would be measured, too. */
const calm = ["roll", "stop"].map(named);
/** The API server is everybody's: what takes it away runs when all others have ended. */
const alone = ["api-server"].map(named);
/** Slow, and like others that CI runs: `npm run test:release`. Those of the first line run one by one. */
const calmInRelease = ["adopt", "causes", "images", "killed", "lost", "resized", "roll-one-shard"].map(named);
const inRelease = [
	...["create", "hold", "layout", "moves", "queries", "size", "yaml-component"],
	...["cli-chart", "cli-states", "cli-tags", "cli-trouble"],
].map(named);
/** For a release, too, then with more clusters. */
const many = ["many"].map(named);
/** Only when asked for: `npm run test:languages` installs SDKs of Python and Go. */
const languages = ["test/languages/**/*.test.mts"];
const cli = ["test/engine/**/*.test.mts", "test/wire/**/*.test.ts"];
/** For a release, too. */
const cliInRelease = ["archives", "catalogue", "plan", "progress"].map((name) => `test/engine/${name}.test.mts`);

export default defineConfig(({ mode }) => ({
	test: {
		reporters: ["default", "./test/tally.mts"],
		sequence: { sequencer: LongestFirst },
		// Groups run one after the other, so that what is quick and cheap says first what is wrong. Group 0 would run last
		// where it has one worker.
		projects: [
			{
				test: {
					name: "fast",
					include: ["test/**/*.test.{ts,mts}"],
					exclude: [...local, ...cli, ...languages, ...kubernetes],
					setupFiles: ["test/seed.mts"],
					// Seconds on a calm machine; a busy one must not fail a property.
					testTimeout: 2 * minute,
					maxWorkers: availableParallelism(),
					sequence: { groupOrder: 1 },
				},
			},
			{
				test: {
					name: "local",
					include: local,
					setupFiles: ["test/seed.mts"],
					globalSetup: ["test/platforms/local/setup.mts"],
					testTimeout: 2 * minute,
					hookTimeout: 2 * minute,
					maxWorkers: engineWorkers,
					sequence: { groupOrder: 2 },
				},
			},
			{
				test: {
					name: "kubernetes",
					include: kubernetes,
					exclude: [...calm, ...alone, ...calmInRelease, ...inRelease],
					globalSetup: ["test/kubernetes/setup.mts"],
					testTimeout: 10 * minute,
					hookTimeout: 10 * minute,
					maxWorkers: clusterWorkers,
					// Of the matrix of faults, whose updates wait for their faults most of the time.
					maxConcurrency: mode === "faults" ? 4 : 2,
					sequence: { groupOrder: 4 },
				},
			},
			...Object.entries({
				"kubernetes-calm": calm,
				"kubernetes-alone": alone,
				"release-calm": [...calmInRelease, ...many],
				release: inRelease,
			}).map(([name, include], index) => ({
				test: {
					name,
					include,
					globalSetup: ["test/kubernetes/setup.mts"],
					testTimeout: 10 * minute,
					hookTimeout: 10 * minute,
					maxWorkers: include === inRelease ? clusterWorkers : 1,
					sequence: { groupOrder: 5 + index },
				},
			})),
			...[
				{ name: "engine", include: cli, exclude: cliInRelease },
				{ name: "release-engine", include: cliInRelease },
			].map((files) => ({
				test: {
					...files,
					setupFiles: ["test/seed.mts"],
					globalSetup: ["test/engine/setup.mts"],
					testTimeout: 5 * minute,
					hookTimeout: 5 * minute,
					maxWorkers: cliWorkers,
					sequence: { groupOrder: 3 },
				},
			})),
			{
				test: {
					name: "languages",
					include: languages,
					globalSetup: ["test/languages/setup.mts"],
					testTimeout: 10 * minute,
					hookTimeout: 10 * minute,
					maxWorkers: cliWorkers,
					sequence: { groupOrder: 9 },
				},
			},
		],
	},
}));
