import { PlatformError } from "../control/errors";
import type { Clock } from "./clock";

/** About a minute in all: an API server that restarts is back by then. */
const pauses = [0.5, 1, 2, 4, 8, 15, 15, 15];

/**
 * The same port, whose calls are made again when the platform can't be reached, for about a minute. The port promises
 * that a repeated call does no harm.
 *
 * @param report is told the platform's words once for each call that needs another try.
 */
export function retrying<Port extends object>(port: Port, clock: Clock, report: (words: string) => void): Port {
	async function attempt(call: () => Promise<unknown>): Promise<unknown> {
		for (let tries = 0; ; tries++) {
			try {
				return await call();
			} catch (error) {
				const pause = pauses[tries];
				if (!(error instanceof PlatformError) || pause === undefined) throw error;
				if (tries === 0) report(error.message);
				await clock.sleep(pause * 1000);
			}
		}
	}
	return new Proxy(port, {
		get(target, key) {
			const member: unknown = Reflect.get(target, key, target);
			if (typeof member !== "function") return member;
			return (...args: unknown[]) => attempt(() => Reflect.apply(member, target, args) as Promise<unknown>);
		},
	});
}
