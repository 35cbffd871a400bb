import { constants, existsSync, renameSync, rmSync } from "node:fs";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { retry } from "../../control/retry";
import { type CopySource, dataFolder } from "./protocol";
import { holdStill } from "./replica-client";

/** How often a copy is begun anew where files went away under it. */
const attempts = 20;

/**
 * Puts a copy of another replica's data in the place of a replica's own, which nobody has open. The other one goes on
 * answering meanwhile; it takes no write and merges nothing. After a kill at any moment the numbers are the old ones, or
 * there are none, so that the next start copies again.
 */
export async function copyData(home: string, replica: string, source: CopySource): Promise<void> {
	const [from, to] = [join(home, source.replica, dataFolder), join(home, replica, dataFolder)];
	const [fresh, old] = [`${to}.new`, `${to}.old`];
	const still = await holdStill(source.socket);
	try {
		const copy = async () => {
			rmSync(fresh, { recursive: true, force: true });
			// Where the file system can, the copy shares its blocks with the original.
			await cp(from, fresh, { recursive: true, verbatimSymlinks: true, mode: constants.COPYFILE_FICLONE });
		};
		// The engine removes parts that it merged some minutes before.
		const isGone = (error: unknown) => (error as NodeJS.ErrnoException).code === "ENOENT";
		await retry(copy, (error, tries) => (isGone(error) && tries < attempts ? 0 : undefined));
		if (still.destroyed) throw new Error(`${source.replica} exited while its data was copied`);
		rmSync(old, { recursive: true, force: true });
		if (existsSync(to)) renameSync(to, old);
		renameSync(fresh, to);
	} finally {
		still.destroy();
	}
	rmSync(old, { recursive: true, force: true });
}
