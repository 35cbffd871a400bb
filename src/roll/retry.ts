import { PlatformError } from "../control/errors";
import { retry } from "../control/retry";
import type { Clock } from "./clock";

/** About a minute in total: an API server that restarts is back by then. */
const pauses = [0.5, 1, 2, 4, 8, 15, 15, 15];

/**
 * The same port, whose calls are repeated for about a minute while the platform can't be reached. The port promises
 * that a repeated call does no harm.
 *
 * @param report Gets the platform's error once for each call that has to be repeated.
 */
export function retrying<Port extends object>(port: Port, clock: Clock, report: (words: string) => void): Port {
	const attempt = (call: () => Promise<unknown>) =>
		retry(
			call,
			(error, tries) => {
				const seconds = pauses[tries - 1];
				if (!(error instanceof PlatformError) || seconds === undefined) return undefined;
				if (tries === 1) report(error.message);
				return seconds * 1000;
			},
			(milliseconds) => clock.sleep(milliseconds),
		);
	return new Proxy(port, {
		get(target, key) {
			const member: unknown = Reflect.get(target, key, target);
			if (typeof member !== "function") return member;
			return (...args: unknown[]) => attempt(() => Reflect.apply(member, target, args) as Promise<unknown>);
		},
	});
}
