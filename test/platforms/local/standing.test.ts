import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Numbers } from "../../../src/platforms/local/notes";
import { standingOf } from "../../../src/platforms/local/standing";

/** `5` answered the fifth write with success, `5!` with an error, `5>6` has begun the sixth, and `5>6*` still runs it. */
function judged(...written: string[]): string[] {
	const names = written.map((_, ordinal) => `0-${ordinal}`);
	const members = new Map(names.map((name, ordinal) => [name, numbersOf(written[ordinal] ?? "")]));
	const runs = (name: string) => written[names.indexOf(name)]?.endsWith("*") === true;
	return names.map((name) => {
		const found = standingOf(name, members.get(name) as Numbers, members, runs);
		return found.kind === "lacks" ? `lacks ${found.sources.join(" ")}` : found.kind;
	});
}

function numbersOf(written: string): Numbers {
	const [, answered, failed, begun] = /^(\d+)(!?)(?:>(\d+))?/.exec(written) ?? [];
	return { begun: Number(begun ?? answered), answered: Number(answered), failed: failed === "!" };
}

describe("a replica", () => {
	it.each([
		["that is like all others is whole", ["5", "5"], ["whole", "whole"]],
		["of a new cluster is whole", ["0", "0"], ["whole", "whole"]],
		["whose write failed like the others' is whole", ["5!", "5!"], ["whole", "whole"]],
		["killed in a write lacks what the one that ended it has", ["5>6", "6"], ["lacks 0-1", "whole"]],
		["that a write never reached lacks it", ["5", "6"], ["lacks 0-1", "whole"]],
		["killed in a write that the other never got is set back", ["5>6", "5"], ["lacks 0-1", "whole"]],
		["waits while the other still runs the write", ["5>6", "5>6*"], ["unsettled", "unsettled"]],
		["that answers meanwhile stays whole", ["5>6*", "5", "4"], ["unsettled", "whole", "unsettled"]],
		["may decide where all were killed: the first of them", ["5>6", "5>6"], ["decides", "lacks 0-0"]],
		["decides where it has acknowledged most", ["4>5", "5>6", "5>6"], ["lacks 0-1", "decides", "lacks 0-1"]],
		["alone decides for itself", ["5>6"], ["decides"]],
		["that failed lacks what another did", ["6!", "6"], ["lacks 0-1", "whole"]],
		["that failed is as good as any where the other was killed", ["6!", "5>6"], ["whole", "lacks 0-0"]],
		["lacks what several have", ["6", "5>6", "6"], ["whole", "lacks 0-0 0-2", "whole"]],
		["with no data lacks all", ["6", "0"], ["whole", "lacks 0-0"]],
	])("%s", (_, written, expected) => {
		expect(judged(...written)).toEqual(expected);
	});

	it("that is to join never decides, and is whole when it has a copy", () => {
		const numbers = (text: string) => numbersOf(text);
		const beside = (own: string, ...members: string[]) =>
			standingOf("0-9", numbers(own), new Map(members.map((text, i) => [`0-${i}`, numbers(text)])), () => false).kind;
		expect(beside("0", "6", "6")).toBe("lacks");
		expect(beside("6", "6", "6")).toBe("whole");
		expect(beside("0", "0", "0")).toBe("whole");
		expect(beside("5", "5>6", "5>6")).toBe("lacks");
		expect(beside("9", "6")).toBe("lacks");
	});

	it("never lacks or loses an answered write, whoever was killed in the next one", () => {
		const fate = fc.constantFrom("5", "5>6", "6", "6!");
		fc.assert(
			fc.property(fc.array(fate, { minLength: 1, maxLength: 4 }), (written) => {
				const found = judged(...written);
				const sources = found.flatMap((standing, i) => (/^(?:whole|decides)$/.test(standing) ? [written[i]] : []));
				expect(sources.length).toBeGreaterThan(0);
				expect(new Set(sources).size).toBe(1);
				if (written.includes("6")) expect(sources[0]).toBe("6");
				else if (written.includes("6!")) expect(sources[0]).toBe("6!");
			}),
		);
	});
});
