import type { Reporter, TestModule } from "vitest/node";

/** Ends the run's output with one line for people and machines: `123 passed, 0 failed`, and what was skipped, if anything. */
export default class Tally implements Reporter {
	onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
		const count = { passed: 0, failed: unhandled.length, skipped: 0, pending: 0 };
		for (const module of modules) {
			const before = count.failed;
			for (const test of module.children.allTests()) count[test.result().state]++;
			// A file that can't be loaded, or a hook outside every test, failed although no test of it did.
			if (module.state() === "failed" && count.failed === before) count.failed++;
		}
		const skipped = count.skipped + count.pending;
		const line = `${count.passed} passed, ${count.failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
		process.once("exit", () => process.stdout.write(`${line}\n`));
	}
}
