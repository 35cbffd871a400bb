import { PlatformError } from "../../../control/errors";

/** For what healthy controllers do within moments. */
export async function until(otherwise: string, done: () => Promise<boolean>, seconds = 30): Promise<void> {
	const deadline = Date.now() + seconds * 1000;
	for (let pause = 25; !(await done()); pause = Math.min(500, pause * 1.2)) {
		if (Date.now() > deadline) throw new PlatformError(`${otherwise}, after ${seconds} seconds`);
		await sleep(pause);
	}
}

export const sleep = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));
