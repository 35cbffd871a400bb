#!/usr/bin/env node
import { print } from "./print";
import { commandLine } from "./program";

commandLine()
	.parseAsync()
	.catch((error: Error) => {
		print(`error: ${error.message}\n`, process.stderr);
		process.exitCode = 1;
	});
