import { defineConfig } from "vitest/config";

const hour = 60 * 60_000;

/** Figures that use what the tests use, such as their namespaces and their scripted world: so the same program runs them. */
export default defineConfig({
	test: {
		projects: [
			{
				test: {
					name: "kubernetes",
					include: ["bench/kubernetes/{cold,figures,tables,timelines}.mts"],
					globalSetup: ["test/kubernetes/setup.mts"],
					testTimeout: hour,
					hookTimeout: 60_000,
				},
			},
			{ test: { name: "shards", include: ["bench/scale/shards.mts"], execArgv: ["--expose-gc"], testTimeout: hour } },
		],
	},
});
