import { expect, it, vi } from "vitest";
import type { Pod } from "../../src/platforms/kubernetes/api/types";
import { untilState } from "../../src/roll/until-state";
import { v } from "../build";
import { Space, startCluster, unavailable } from "./harness";
import { makeTables } from "./tables";

const topology = { shards: 2, replicas: 1 };
const patience = { timeout: 120_000, interval: 200 };

it.skipIf(unavailable !== undefined)(
	"a replica that comes back while a peer has no address reaches clients only once it can query all shards",
	async () => {
		const space = await Space.open();
		try {
			const control = await startCluster(space, { version: v("1.7.1"), ...topology });
			const table = await makeTables(space, topology);
			const scale = (replicas: number) => space.api.merge("statefulsets", "db-0", { spec: { replicas } });
			const pods = async () => (await space.api.list<Pod>("pods", {})).map(({ metadata }) => metadata.name);
			await scale(0);
			await vi.waitFor(async () => expect(await pods()).toEqual(["db-1-0"]), patience);
			const answer = () => space.queryPod("db-1-0", `SELECT count() FROM ${table}`).catch(String);

			await space.kill("db-1-0");
			// Its container starts long after the DNS server has forgotten the other's address.
			interface Event {
				readonly message: string;
			}
			const probes = async () =>
				(await space.api.list<Event>("events", { fields: "reason=Unhealthy" })).map(({ message }) => message);
			await vi.waitFor(
				async () => expect((await probes()).join("\n")).toMatch(/^Startup probe failed:.*(DNS error|Host not found)/ms),
				patience,
			);
			expect((await control.look("db-1-0")).replica.serving).toBe(false);
			await vi.waitFor(async () => expect(await answer()).toMatch(/DNS error|Host not found/), patience);

			await scale(1);
			await untilState(control, "Started");
			expect(await answer()).toBe("0");
		} finally {
			await space.close();
		}
	},
);
