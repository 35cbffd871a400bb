import type { z } from "zod";

/** The first flaw of a file as one clause: `steps.0.urn: expected string, but it is missing`. */
export function flawIn({ issues: [issue] }: z.ZodError): string {
	const words = (issue?.message ?? "")
		.replace(/^Invalid input: /, "")
		.replace("received undefined", "but it is missing");
	return `${issue?.path.join(".") || "the whole"}: ${words}`;
}
