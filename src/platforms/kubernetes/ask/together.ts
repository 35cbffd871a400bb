/**
 * Asks about many things by few questions: about some at once, and where that fails about each of those by itself. What
 * fails by itself, too, is left out.
 *
 * @param most how many at once: a query is part of a URL, which old servers hold to 16 KiB.
 * @param spoils whether an error is about one of the things; any other is thrown.
 */
export async function askTogether<T, Answer>(
	things: readonly T[],
	most: number,
	ask: (some: readonly T[]) => Promise<readonly Answer[]>,
	spoils: (error: unknown) => boolean,
): Promise<Answer[]> {
	const answers: Answer[] = [];
	for (let start = 0; start < things.length; start += most) {
		const some = things.slice(start, start + most);
		try {
			answers.push(...(await ask(some)));
		} catch (error) {
			if (!spoils(error)) throw error;
			if (some.length > 1) answers.push(...(await askTogether(some, 1, ask, spoils)));
		}
	}
	return answers;
}
