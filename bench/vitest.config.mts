import { defineConfig } from "vitest/config";

/** The figures on Kubernetes use what the tests there use, such as their namespaces and load, so the same program runs them. */
export default defineConfig({
	test: {
		name: "figures",
		include: ["bench/kubernetes/{cold,figures,timelines}.mts"],
		globalSetup: ["test/kubernetes/setup.mts"],
		testTimeout: 60 * 60_000,
		hookTimeout: 60_000,
	},
});
