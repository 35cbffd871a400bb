/**
 * Asks about many things with few queries: about several together and, if that fails, about each of those alone. What
 * fails alone, too, is left out.
 *
 * @param most How many together: a query is part of a URL, which old servers limit to 16 KiB.
 * @param spoils Whether an error is about one of the things; any other is thrown.
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
