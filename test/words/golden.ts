import { expect, test } from "vitest";

/** What is said, by what it is said of; an object is a line for each key. */
type Said = string | undefined | Readonly<Record<string, string | undefined>>;

/**
 * Compares what a module of src/words says with the text file of its name in `golden`. After you changed a sentence, run
 * `npx vitest run --project fast test/words -u`, which writes the files again, and review their diff.
 */
export function golden(module: string, cases: Readonly<Record<string, Said>>): void {
	test(`says what golden/${module}.txt holds`, async () => {
		const text = Object.entries(cases).map(([of, said]) => `${of}\n${lines(said)}\n`);
		// Without the file a run with CI set fails; any other run writes it.
		await expect(text.join("\n")).toMatchFileSnapshot(`golden/${module}.txt`);
	});
}

const nothing = "(nothing)";

function lines(said: Said): string {
	if (typeof said !== "object") return `\t${said ?? nothing}`;
	return Object.entries(said)
		.map(([key, text]) => `\t${key}: ${text ?? nothing}`)
		.join("\n");
}

/** Cases that are told apart by their data. */
export function byData<Each, S extends Said>(cases: readonly Each[], say: (each: Each) => S): Record<string, S> {
	const said = new Map(cases.map((each) => [nameOf(each), say(each)]));
	expect(said.size, "cases of the same data").toBe(cases.length);
	return Object.fromEntries(said);
}

const nameOf = (data: unknown) => JSON.stringify(data, (_, value) => value ?? "not known").slice(0, 200);
