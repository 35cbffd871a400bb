import { describe, it } from "vitest";
import { kubernetesPlatform } from "../../src/platforms/kubernetes";
import type { Pod } from "../../src/platforms/kubernetes/api/types";
import { systemClock } from "../../src/roll/clock";
import { environment, Space, unavailable, versions } from "../kubernetes/harness";
import { contractSuite } from "./suite";

/** Servers of 2018 log no queries unless they are told to. */
const logged = `<${environment.configRoot}><profiles><default><log_queries>1</log_queries></default></profiles></${environment.configRoot}>`;

if (unavailable !== undefined) {
	describe("kubernetes keeps the port's promises", () => {
		it.skip(`the contract suite (${unavailable})`, () => {});
	});
} else {
	contractSuite("kubernetes", {
		versions: { v1: versions.v1, broken: versions.crash, v2: versions.v2, v3: versions.v3 },
		timeout: 240_000,
		concurrent: true,
		timing: { drainSeconds: 5, stallSeconds: 120 },
		unsupported: {
			"restarting a replica of a stopped cluster notes the version for its next start":
				"the replicas of a shard are one StatefulSet, whose one template is what they start from",
		},
		async open() {
			const space = await Space.open();
			const settings = space.settings({ users: { "log.xml": logged } });
			return {
				clock: systemClock,
				control: () => kubernetesPlatform.control("a", settings),
				spec: (wanted) => ({ name: "a", owner: "project/stack/contract", generation: "g1", settings, ...wanted }),
				kill: (replica) => space.kill(replica),
				idle: () => space.idle("a"),
				query: () => space.query("a", "SELECT 1"),
				refuse: () => space.query("a", "SELECT 1 FROM nowhere"),
				reachable: () => space.reachable("a"),
				makeTable: async (name) => {
					const path = `/${space.namespace}/{shard}/${name}`;
					for (const { metadata } of await space.api.list<Pod>("pods", {}))
						await space.queryPod(
							metadata.name,
							`CREATE TABLE ${name} (n UInt64) ENGINE = ReplicatedMergeTree('${path}', '{replica}') ORDER BY n`,
						);
				},
				close: () => space.close(),
			};
		},
	});
}
