/**
 * If the CLI is killed, Pulumi's host of this provider keeps running, and nobody reads its output. A line that can't be
 * written would be an uncaught error there, which the host writes again, without end. So such errors are caught here:
 * what is under way is completed in silence, and then the process exits, because nobody will send it a request.
 */
let alone = false;
let underWay = 0;

for (const stream of [process.stdout, process.stderr]) {
	stream.on("error", abandon);
}

/** Says that the CLI is gone. */
export function abandon(): void {
	alone = true;
	leave();
}

/** Does some work that must not be left in the middle. */
export async function finishing<T>(work: () => Promise<T>): Promise<T> {
	underWay++;
	try {
		return await work();
	} finally {
		underWay--;
		leave();
	}
}

function leave(): void {
	if (alone && underWay === 0) setImmediate(() => process.exit());
}
