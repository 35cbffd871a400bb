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

/** For a plugin: a killed CLI ends nobody, and what prints nothing would never notice. */
export function leaveWithParent(): void {
	const parent = process.ppid;
	setInterval(() => process.ppid !== parent && abandon(), 1000).unref();
}

/** The CLI is gone. */
function abandon(): void {
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
