import type { TestProject } from "vitest/node";
import setupCli from "../engine/setup.mts";

/** The package as users get it and the Pulumi CLI; without a cluster everything is skipped, so neither is needed. */
export default async function setup(project: TestProject): Promise<void> {
	if (process.env.KUBECONFIG === undefined) project.provide("pulumi", "");
	else await setupCli(project);
}
