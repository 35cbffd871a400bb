import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished } from "vitest";
import { cli } from "../run";

const previews = join(__dirname, "previews");
export const recorded = (name: string) => join(previews, name.includes(".") ? name : `${name}.json`);
export const state = ["--state", recorded("state")];

/** The report of a preview that the real CLI printed (test/engine/report.test.mts records them). */
export async function reportOf(name: string, ...flags: string[]): Promise<string> {
	const { status, stdout, stderr } = await cli(["report", recorded(name), ...flags]);
	expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
	return stdout;
}

/** A recorded preview with changes: what this machine can't have, such as another platform, or what users may write. */
export function changed(name: string, change: (text: string, preview: Preview) => void): string {
	const text = readFileSync(recorded(name), "utf8");
	const preview = JSON.parse(text) as Preview;
	change(text, preview);
	return written(JSON.stringify(preview));
}

interface Preview {
	steps: { op: string; urn: string; oldState: State; newState: State }[];
	diagnostics?: { urn?: string; message: string; severity: string }[];
}
interface State {
	pendingReplacement?: boolean;
	retainOnDelete?: boolean;
	inputs: Record<string, unknown>;
	outputs: Record<string, unknown>;
}

export function written(text: string): string {
	const folder = mkdtempSync(join(tmpdir(), "dbc-"));
	onTestFinished(() => rmSync(folder, { recursive: true }));
	const file = join(folder, "preview.json");
	writeFileSync(file, text);
	return file;
}
