import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { DbVersion } from "../../core/version";
import { harmless } from "../../core/visible";
import { Recorder } from "../../roll/recorder";
import { summaryOf } from "../../roll/timeline";
import { timelineLostText } from "../../words/timeline";
import type { Home } from "../args/home";
import type { Properties } from "../args/inputs";

/** The environment variable that names a folder: each roll leaves its whole timeline there, in a file of its own. */
const folderVariable = "PULUMI_DBCLUSTER_TIMELINES";

export function recorderOf({ platform, settings, name }: Home, to: DbVersion): Recorder {
	const { writesNeed } = platform.control(name, settings);
	return new Recorder({ platform: platform.name, to, writesNeed });
}

/**
 * The output `lastUpdate`, where something was rolled; and the file, where one is asked for. Never throws: whether it can
 * be written has no say in how an update ends.
 *
 * @param error what the roll threw; absent when it got to its end.
 */
export function lastUpdate(recorder: Recorder, error?: unknown): Properties {
	const timeline = recorder.end(error);
	if (timeline === undefined) return {};
	const folder = process.env[folderVariable];
	if (folder) {
		const { cluster, started } = timeline;
		const file = join(resolve(folder), `${cluster}-${started.replace(/[-:]|\.\d+/g, "")}.json`);
		try {
			mkdirSync(resolve(folder), { recursive: true });
			writeFileSync(file, `${JSON.stringify(timeline, undefined, "\t")}\n`);
		} catch (problem) {
			console.log(harmless(timelineLostText(cluster, file, (problem as Error).message)));
		}
	}
	return { lastUpdate: summaryOf(timeline) };
}
