import { readFileSync, writeFileSync } from "node:fs";
import type { Command } from "commander";
import { ControlError } from "../control/errors";
import { type Timeline, timelineFormat } from "../roll/timeline";
import { laterTimelineText, noTimelineText, unreadableTimelineText } from "../words/timeline";
import { flawIn } from "./flaw";
import { drawTimeline } from "./timeline-svg";

export function addTimeline(program: Command): void {
	program
		.command("timeline")
		.description(
			"draws an update's timeline as an SVG picture (set PULUMI_DBCLUSTER_TIMELINES for pulumi up to write timelines)",
		)
		.argument("[file]", "the timeline, or - for standard input", "-")
		.option("-o, --output <file>", "the file to write to (default: standard output)")
		.action((file: string, { output }: { output?: string }) => {
			const picture = drawTimeline(readTimeline(file));
			if (output === undefined) process.stdout.write(picture);
			else writeFileSync(output, picture);
		});
}

/**
 * Reads a timeline.
 *
 * @param file `-` is standard input.
 * @throws a {@link ControlError} that says what is wrong with it.
 */
export function readTimeline(file: string): Timeline {
	const where = file === "-" ? "standard input" : file;
	const data = parse(read(file, where), where);
	const format = (data as { format?: unknown } | null)?.format;
	if (typeof format === "number" && format > 1) throw new ControlError(laterTimelineText(where, format));
	const { success, error, data: timeline } = timelineFormat.safeParse(data);
	if (success) return timeline;
	throw new ControlError(noTimelineText(where, flawIn(error)));
}

function read(file: string, where: string): string {
	if (file === "-" && process.stdin.isTTY) throw new ControlError(unreadableTimelineText(where, "it is a terminal"));
	try {
		return readFileSync(file === "-" ? 0 : file, "utf8");
	} catch (error) {
		throw new ControlError(unreadableTimelineText(where, (error as Error).message));
	}
}

function parse(text: string, where: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		throw new ControlError(noTimelineText(where, "it is not JSON"));
	}
}
