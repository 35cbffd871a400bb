import type { TestProject } from "vitest/node";
import setupCli from "../engine/setup.mts";
import { program } from "./helm.mts";

/** The package as users get it, the Pulumi CLI and Helm; without a cluster everything is skipped, so none is needed. */
export default async function setup(project: TestProject): Promise<void> {
	if (process.env.KUBECONFIG === undefined) project.provide("pulumi", "");
	else {
		await setupCli(project);
		await program();
	}
}
