import { describe, expect, it, vi } from "vitest";
import { ClaimLost } from "../../src/control/errors";
import type { Asked, ReplicaView } from "../../src/control/port";
import { resized, unchanged } from "../../src/roll/by-others";
import { type Ground, StepStopped } from "../../src/roll/ground";
import { v, v1, v2, v3 } from "./build";

const object = "StatefulSet a-0";
const view = (replica: Partial<ReplicaView["replica"]> = {}, more: Partial<ReplicaView> = {}): ReplicaView => ({
	replica: {
		name: "a-0-1",
		shard: 0,
		ordinal: 1,
		version: v1,
		openedBy: v1,
		serving: true,
		readOnly: false,
		caughtUp: true,
		...replica,
	},
	queries: 0,
	phase: "",
	...more,
});
const asks = (asked: Partial<Asked>): Partial<ReplicaView> => ({ asked: { object, replicas: 2, of: 2, ...asked } });

/** Why a rollout to v2 stops at the sight of a replica; `undefined` if it does not. */
async function why(seen: ReplicaView, more: { readonly given?: Set<number>; readonly restarted?: boolean } = {}) {
	const { given, restarted } = { given: new Set<number>(), ...more };
	const renew = vi.fn(async () => {});
	const ground = { keeper: { renew }, given, to: v2 } as unknown as Ground;
	const error: unknown = await unchanged(ground, seen, restarted).catch((it: unknown) => it);
	// Whoever still has the claim is asked first: the change may be of a process that took over.
	expect(renew.mock.calls).toEqual(error === undefined ? [] : [["now"]]);
	if (error === undefined) return undefined;
	expect(error).toBeInstanceOf(StepStopped);
	expect((error as StepStopped).replica).toBe("a-0-1");
	return (error as StepStopped).why;
}

const given = new Set([0]);
const down = { serving: false };

describe("what others change in the middle of a rollout", () => {
	it.each<[string, ReplicaView, Parameters<typeof why>[1], Awaited<ReturnType<typeof why>>]>([
		["nothing is asked of its shard", view(), {}, undefined],
		["its shard has its size", view({}, asks({})), {}, undefined],
		["its shard is smaller", view({}, asks({ replicas: 1 })), {}, { kind: "resized", object, replicas: 1, of: 2 }],
		["its shard is gone", view({}, asks({ replicas: undefined })), {}, { kind: "resized", object, of: 2 }],
		["size and version are being changed by us", view({}, asks({ replicas: 1 })), { given: undefined }, undefined],
		["another image, and the shard has not got ours yet", view({}, asks({ image: "db:2.0.0" })), {}, undefined],
		[
			"another image, and another shard has got ours",
			view({}, asks({ image: "db:2" })),
			{ given: new Set([1]) },
			undefined,
		],
		[
			"another image, and the shard has got ours",
			view({}, asks({ image: "db:1.10.0", version: v3 })),
			{ given },
			{ kind: "version-set", object, image: "db:1.10.0", version: v3 },
		],
		[
			"an image whose tag is no version",
			view({}, asks({ image: "db:latest" })),
			{ given },
			{ kind: "version-set", object, image: "db:latest" },
		],
		["our image", view({}, asks({ image: "db:1.8.0", version: v("1.8.0.0") })), { given }, undefined],
		["no image is known", view({}, asks({ version: v3 })), { given }, undefined],
		["it serves an earlier version", view({ version: v1 }), {}, undefined],
		["it serves the target", view({ version: v2 }), {}, undefined],
		["it serves a later version", view({ version: v3 }), {}, { kind: "wrong-version", runs: v3 }],
		["it serves, its version unknown", view({ version: undefined }), { restarted: true }, undefined],
		["it is down at a later version, before our restart", view({ ...down, version: v3 }), {}, undefined],
		[
			"it is down, and a later version has opened its data",
			view({ ...down, version: v3, openedBy: v3 }),
			{},
			{ kind: "wrong-version", runs: v3 },
		],
		["it is down, and nothing has opened its data", view({ ...down, openedBy: undefined }), {}, undefined],
		["it is down, and the target has opened its data", view({ ...down, version: v2, openedBy: v2 }), {}, undefined],
		[
			"it is down at a later version, after our restart",
			view({ ...down, version: v3 }),
			{ restarted: true },
			{ kind: "wrong-version", runs: v3 },
		],
		[
			"it is down at an earlier version, after our restart",
			view({ ...down, version: v1 }),
			{ restarted: true },
			undefined,
		],
		[
			"it is about to start another version",
			view(down, { starting: v3 }),
			{ restarted: true },
			{ kind: "wrong-version", runs: v3 },
		],
		[
			"it is about to start an earlier one",
			view(down, { starting: v1 }),
			{ restarted: true },
			{ kind: "wrong-version", runs: v1 },
		],
		["it is about to start ours", view(down, { starting: v2 }), { restarted: true }, undefined],
		["it is about to start another, before our restart", view(down, { starting: v3 }), {}, undefined],
	])("%s", async (_, seen, ground, expected) => {
		expect(await why(seen, ground)).toStrictEqual(expected);
	});

	it("is the lost claim, where another process has taken over", async () => {
		const renew = async () => {
			throw new ClaimLost("ben");
		};
		const ground = { keeper: { renew }, given, to: v2 } as unknown as Ground;
		await expect(unchanged(ground, view({ version: v3 }))).rejects.toThrow(ClaimLost);
	});

	it("is a size, as the platform shows it", () => {
		expect(resized(view())).toBeUndefined();
		expect(resized(view({}, asks({ replicas: 3 })))).toEqual({ kind: "resized", object, replicas: 3, of: 2 });
	});
});
