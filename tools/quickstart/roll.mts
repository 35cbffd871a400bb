/** What the progress lines of an update tell about its times. They come live, and once more under Diagnostics. */
export class RollTimes {
	/** Seconds that each replica was out of the endpoint, in the order of the update. */
	readonly out = new Map<string, number>();
	/** Seconds from the first step to the last. */
	total: number | undefined;

	/** For each line of Pulumi's output. */
	readonly onLine = (line: string): void => {
		const serves = /(\S+) serves \S+ after ([\d.]+ \S+);/.exec(line);
		if (serves?.[1] !== undefined && serves[2] !== undefined) this.out.set(serves[1], seconds(serves[2]));
		const updated = /updated \S+ -> \S+ in (.+)$/.exec(line);
		if (updated?.[1] !== undefined) this.total = seconds(updated[1]);
	};
}

/** Reads `1.9 s`, `340 ms`, `2 min 3 s`. */
function seconds(text: string): number {
	const units: Readonly<Record<string, number>> = { ms: 0.001, s: 1, min: 60, h: 3600 };
	return [...text.matchAll(/([\d.]+) (ms|s|min|h)\b/g)].reduce(
		(sum, [, n, unit = ""]) => sum + Number(n) * (units[unit] ?? 0),
		0,
	);
}
