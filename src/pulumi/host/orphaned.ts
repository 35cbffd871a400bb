/**
 * Where the CLI is killed, Pulumi's host of this provider lives on with nobody to read what it writes. A line that can't
 * be written would be an uncaught error there, which the host writes again, without an end. So such errors are taken
 * here: what is under way goes on to its end in silence, and then the process ends, since nobody will ask it anything.
 */
let alone = false;
let underWay = 0;

for (const stream of [process.stdout, process.stderr]) {
	stream.on("error", () => {
		alone = true;
		leave();
	});
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
