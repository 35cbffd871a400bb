import { systemClock } from "../../src/roll/clock";
import { LocalPlace, until, versions } from "../platforms/local/place";
import { contractSuite } from "./suite";

const oneShard = "a local cluster has one shard";

contractSuite("the local platform", {
	// There are two real engines; where a test wants a third, the second one stands in for it.
	versions: { ...versions, v3: versions.v2 },
	timeout: 120_000,
	unsupported: {
		"a created cluster starts, each replica of each shard at the version asked for": oneShard,
		"a roll of shards with one replica each": oneShard,
		"a new shard joins": oneShard,
	},
	async open() {
		const place = await LocalPlace.open();
		return {
			clock: systemClock,
			control: () => place.control(),
			spec: (wanted) => place.spec(wanted),
			kill: async (replica) => {
				const folder = replica.slice(place.name.length + 1);
				const before = place.replicaProcess(folder);
				place.kill(folder);
				await until(
					`${replica} is dead`,
					10,
					async () => place.replicaProcess(folder)?.pid !== before?.pid || undefined,
				);
			},
			idle: () => place.desire("Idle"),
			query: () => place.sql("SELECT 1"),
			refuse: () => place.sql("SELECT 1 FROM nowhere"),
			makeTable: (name) => place.sql(`CREATE TABLE ${name} (n UInt64) ENGINE = MergeTree ORDER BY n`),
			close: () => place.close(),
		};
	},
});
