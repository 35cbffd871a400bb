import { expect, test } from "vitest";
import { displayOn } from "../../src/cli/display";

function shown(isTTY: boolean): { readonly out: NodeJS.WriteStream; readonly text: () => string } {
	let text = "";
	const write = (more: string) => {
		text += more;
		return true;
	};
	return { out: { isTTY, columns: 20, write } as unknown as NodeJS.WriteStream, text: () => text };
}

test("without a terminal there are lines and nothing else", () => {
	const { out, text } = shown(false);
	const display = displayOn(out);
	display.below(["[##--]"]);
	display.line("one");
	display.below([]);
	expect(text()).toBe("one\n");
});

test("on a terminal what stands below is drawn anew under each line, and never wraps", () => {
	const { out, text } = shown(true);
	const display = displayOn(out);
	const up = "\u001b[1A\u001b[0J";
	display.below(["[##--] far more than twenty columns"]);
	display.line("one");
	display.below([]);
	expect(text()).toBe(`[##--] far more tha\n${up}one\n[##--] far more tha\n${up}`);
});
