/** The one of some names that was probably meant; `undefined` when none is near. */
export function nearest(typed: string, names: readonly string[]): string | undefined {
	// No name is that long, and to compare takes the time of both lengths.
	if (typed.length > 100) return undefined;
	const [best] = names
		.map((name) => ({ name, distance: edits(typed.toLowerCase(), name.toLowerCase()) }))
		.filter(({ name, distance }) => distance <= Math.floor((name.length + 2) / 3))
		.sort((a, b) => a.distance - b.distance);
	return best?.name;
}

/** Levenshtein's distance: how many letters are put in, left out or changed. */
function edits(a: string, b: string): number {
	let row = Array.from({ length: b.length + 1 }, (_, column) => column);
	for (const [i, letter] of [...a].entries()) {
		const next = [i + 1];
		for (const [j, other] of [...b].entries()) {
			const [left, above, corner] = [next[j] ?? 0, row[j + 1] ?? 0, row[j] ?? 0];
			next.push(Math.min(left + 1, above + 1, corner + (letter === other ? 0 : 1)));
		}
		row = next;
	}
	return row[b.length] ?? 0;
}
