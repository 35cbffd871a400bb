import { AsyncLocalStorage } from "node:async_hooks";

/** What the engine asked for, as far as code far below has to know it. */
interface EngineCall {
	/** The resource, for lines on its own row. */
	readonly urn: string;
	/** Aborted when the call is to end early; its reason says why. */
	readonly stop: AbortSignal;
}

/** The call under way. Pulumi's host of dynamic providers says nothing of it: there it is always absent. */
export const call = new AsyncLocalStorage<EngineCall>();
