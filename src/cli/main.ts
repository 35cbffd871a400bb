#!/usr/bin/env node
import { Command } from "commander";
import { addReport } from "./report";
import { addStatus } from "./status";
import { addTimeline } from "./timeline";

const { version } = require("../../package.json") as { version: string };

/**
 * `npx pulumi-dbcluster`: what people and pipelines ask beside `pulumi preview` and `pulumi up`. Each command is a file of
 * this folder and touches no cluster: only Pulumi changes them.
 */
const program = new Command("pulumi-dbcluster")
	.description("Reads what Pulumi and the clusters say about versions and updates; changes no cluster.")
	.version(version);

addStatus(program);
addTimeline(program);
addReport(program);

program.parseAsync().catch((error: Error) => {
	console.error(`error: ${error.message}`);
	process.exitCode = 1;
});
