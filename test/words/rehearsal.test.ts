import { expect, test } from "vitest";
import { listed, type Rehearsal } from "../../src/core/rehearsal";
import { progressText } from "../../src/words/progress";
import {
	rehearsalFailedText,
	rehearsalText,
	rehearsedLines,
	rehearseProblems,
	unrehearsedText,
} from "../../src/words/rehearsal";
import { v } from "../build";
import { golden } from "./golden";

const place = (name: string, ...replicas: string[]) => ({ name, replicas });
const node = place("node-1", "a-0-0", "a-0-1");
const tables = { loaded: 14, refused: listed<never>([]), notCreated: listed<never>([]), skipped: 0 };
const of = (more: Partial<Rehearsal> = {}): Rehearsal => ({
	at: "2026-11-28T10:00:00.000Z",
	from: v("1.7.1"),
	to: v("1.8.0"),
	about: "0",
	places: [node],
	...more,
});
const settings = { unknown: listed<string>([]), defaults: listed<never>([]) };
const exits = { cause: "exits", words: 'exits at start; its last words: "Code: 1000.\nno"' } as const;

const passed = of({ tables, settings, queries: { planned: 198, failing: listed<never>([]), skipped: 2 } });
const defaults = Array.from({ length: 7 }, (_, n) => ({ name: `setting_${n}`, from: n === 0 ? "" : `${n}`, to: "1" }));
const remarkable = of({
	places: [node, place("node-2", "a-1-0"), { ...place("node-3", "a-1-1"), leftOut: "no room" }],
	tables: { ...tables, notCreated: listed([{ name: "default.old", reason: "Code: 36. old syntax" }]), skipped: 3 },
	settings: { unknown: listed(["max_x", "max_y"]), defaults: listed(defaults) },
	queries: { planned: 198, failing: listed([{ hash: "7163", error: "UNKNOWN_IDENTIFIER" }]), skipped: 0 },
});
const barred = of({ tablesLeftOut: "Code: 516. DB::Exception: app: Authentication failed (AUTHENTICATION_FAILED)" });
const unloaded = of({
	tables: {
		...tables,
		refused: listed(["a", "b", "c", "d"].map((name) => ({ name: `default.${name}`, reason: "Unknown engine x" }))),
	},
});
const image = of({
	places: [node, { ...place("node-2", "a-1-0"), failure: { cause: "image", words: "can't pull the image" } }],
});
const crash = of({ places: [{ ...node, failure: exits }], failure: exits });
const leftOut = of({ places: [], leftOut: 'pods is forbidden: User "x" cannot create resource "pods"' });

const said = { passed, remarkable, unloaded, image, crash, leftOut, barred };
const each = (say: (rehearsal: Rehearsal) => string) =>
	Object.fromEntries(Object.entries(said).map(([name, rehearsal]) => [name, say(rehearsal)]));

golden("rehearsal", {
	"in the caveats, none": rehearsedLines(undefined),
	...Object.fromEntries(
		Object.entries(said).map(([name, rehearsal]) => [`in the caveats, ${name}`, rehearsedLines(rehearsal)]),
	),
	"in a terminal": each((rehearsal) => rehearsalText(rehearsal).replaceAll("\n", " / ")),
	"by an update that it refuses": {
		unloaded: rehearsalFailedText(unloaded),
		image: rehearsalFailedText(image),
		crash: rehearsalFailedText(crash),
		"other settings crash": rehearsalFailedText({ ...crash, from: crash.to }),
		"other settings lose tables": rehearsalFailedText({ ...unloaded, from: unloaded.to }),
	},
	"while an update runs": each((rehearsal) => progressText({ event: "rehearsed", rehearsal })),
	"before it": { rehearsing: progressText({ event: "rehearsing", to: v("1.8.0") }) },
	"by a preview that needs one": Object.fromEntries(
		(["none", "failed", "left-out", "expired"] as const).map((why) => [why, unrehearsedText("1.8.0", why)]),
	),
	"why the command can't begin": {
		several: rehearseProblems.which(undefined, ["a", "b"]),
		none: rehearseProblems.which("x\u001b[31m", ["a", "b"]),
		nowhere: rehearseProblems.nowhere("elsewhere"),
		unknown: rehearseProblems.version(undefined),
		odd: rehearseProblems.version("1.x"),
		older: rehearseProblems.notNewer("1.7.1", "1.8.0"),
	},
});

test("what a server said is one line, and never a control character", () => {
	const hostile = of({ places: [{ ...node, failure: { cause: "exits", words: "\u001b[31m\n# x\r\n" } }] });
	for (const text of [rehearsalFailedText(hostile), ...Object.values(rehearsedLines(hostile))])
		expect(text).not.toMatch(/\p{C}/u);
});
