import { z } from "zod";
import { ControlError, PlatformError } from "../../../control/errors";
import type { ApiAnswer, ApiCall, Connection } from "./wire";

/** The object was changed since it was read: read it and decide again. */
export class Conflict extends ControlError {
	override readonly name = "Conflict";
}

/** A dry run is forbidden for want of the right to carry out what it tries. */
export class NotPermitted extends PlatformError {}

/** No answer in time. */
export class TimedOut extends PlatformError {}

/** How the message of a timeout begins. */
export const noAnswer = "no answer ";

/** No answer, or one that is worth another try. */
export class Unanswered extends Error {
	override readonly name = "Unanswered";
	constructor(private readonly error: Error) {
		super(error.message);
	}
	/** The error after the last try. */
	reason({ server }: Pick<Connection, "server">): Error {
		if (this.error instanceof ControlError) return this.error;
		const { code, message } = this.error as NodeJS.ErrnoException;
		const Told = message.startsWith(noAnswer) ? TimedOut : PlatformError;
		return new Told(`the API server at ${server} can't be reached: ${message || code}`);
	}
}

const text = z.string().optional().catch(undefined);
const statusFormat = z.object({
	kind: z.literal("Status"),
	message: text,
	details: z.object({ name: text, kind: text }).optional().catch(undefined),
});
type Status = z.output<typeof statusFormat>;

/** As an API server words it; a policy that denies an object has its own words. */
const missingRight = / is forbidden: User ".*" cannot (create|patch) resource "/;

/** The message for an error of the API server: which verb on what is forbidden, that the namespace is missing. */
export function apiError({ server }: Pick<Connection, "server">, call: ApiCall, answer: ApiAnswer): ControlError {
	const status = readStatus(answer.text);
	const message = status?.message ?? (answer.text.trim().slice(0, 300) || `status ${answer.status}`);
	if (answer.status === 409) return new Conflict(message);
	if (answer.status === 401)
		return new PlatformError(`the API server at ${server} does not accept the kubeconfig's credentials: ${message}`);
	if (answer.status === 403) {
		const isDryRun = call.path.includes("dryRun=All") && missingRight.test(message);
		return new (isDryRun ? NotPermitted : PlatformError)(
			`the API server at ${server} forbids this request: ${message}`,
		);
	}
	if (answer.status === 404 && status?.details?.kind === "namespaces")
		return new ControlError(
			`the namespace '${status.details.name}' does not exist at ${server}: create it first. If your program creates it, pass its id (namespace.id), which is known once it exists`,
		);
	// 400 and 422: the object itself is rejected, and would be again.
	if (answer.status === 400 || answer.status === 422 || answer.status === 413)
		return new ControlError(`the API server at ${server} rejects this request: ${message}`);
	const [path] = call.path.split("?");
	return new PlatformError(`the API server at ${server} answered ${call.method} ${path} with: ${message}`);
}

export function readStatus(answer: string): Status | undefined {
	try {
		return statusFormat.parse(JSON.parse(answer));
	} catch {
		return undefined;
	}
}
