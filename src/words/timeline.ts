import { oneLine } from "./text";

/** It could not be written, which is no reason to fail. */
export function timelineLostText(cluster: string, file: string, why: string): string {
	return `${cluster}: its timeline could not be written to ${file}: ${oneLine(why)}. The update is not affected.`;
}
