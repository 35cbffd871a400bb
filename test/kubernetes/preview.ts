import { check } from "../../src/pulumi/judge/check";
import { reasonsIn } from "../reasons";
import type { Space } from "./harness";

/** What a preview of an update of a cluster of ours finds against it; each with its property. */
export async function previewOf(
	space: Space,
	name: string,
	args: Readonly<Record<string, unknown>>,
): Promise<string[]> {
	const { failures } = await check(
		{},
		{
			owner: "project/stack/db",
			name,
			versions: { list: ["1.7.1", "1.8.0"].map((version) => ({ version })) },
			kubernetes: space.given(),
			...args,
		},
	);
	return reasonsIn(failures);
}
