import { expect, test } from "vitest";
import { Screen } from "../../tools/quickstart/screen.mts";

function shown(output: string): string[] {
	const screen = new Screen();
	return output.split("\n").flatMap((line) => screen.show(line, line));
}

test("drops the dots, the empty lines, and what Diagnostics repeats", () => {
	const output = `Updating (dev):

@ updating....
 +  Stack dev running db: draining db-0-1
@ previewing update......
 +  Stack dev created
Diagnostics:
  pulumi:pulumi:Stack (dev):
    db: draining db-0-1

Outputs:
    version: "1.8.0"`;
	expect(shown(output)).toEqual([
		"Updating (dev):",
		" +  Stack dev running db: draining db-0-1",
		" +  Stack dev created",
		"Outputs:",
		'    version: "1.8.0"',
	]);
});

test("keeps what Diagnostics says for the first time, under its own heading", () => {
	const output = `Diagnostics:
  pulumi:pulumi:Stack (dev):
    said live
  dbcluster:DbCluster (db):
    error: 1 error occurred:
    	* it stopped
Resources:
    1 errored`.replace("Diagnostics:", " ~  said live\nDiagnostics:");
	expect(shown(output)).toEqual([
		" ~  said live",
		"Diagnostics:",
		"  dbcluster:DbCluster (db):",
		"    error: 1 error occurred:",
		"    \t* it stopped",
		"Resources:",
		"    1 errored",
	]);
});
