import { AsyncLocalStorage } from "node:async_hooks";

/** What the engine asked for, as far as code far below has to know it. */
interface EngineCall {
	/** The resource, for lines on its own row. */
	readonly urn: string;
	/** Aborted when the call is to end early; its reason says why. */
	readonly stop: AbortSignal;
	/** Takes the values of secrets out of a text for people. */
	readonly hide?: (text: string) => string;
}

/** The call under way. Pulumi's host of dynamic providers says nothing of it: there it is always absent. */
export const call = new AsyncLocalStorage<EngineCall>();

/** A text for people without the secrets of the call under way, as far as these are known. */
export const hidden = (text: string): string => call.getStore()?.hide?.(text) ?? text;
