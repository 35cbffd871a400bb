import { type DbVersion, parseVersion } from "../../src/core/version";
import { ScriptedControl } from "../scripted/control";
import { World } from "../scripted/world";
import { contractSuite } from "./suite";

const v = (text: string) => parseVersion(text) as DbVersion;
const versions = { v1: v("1.7.1"), broken: v("1.7.9"), v2: v("1.8.0"), v3: v("1.10.0") };

contractSuite("the scripted platform", {
	versions,
	async open() {
		const world = new World("a");
		world.engines.set(versions.broken, { fate: "exits" });
		const serving = () => {
			const { units } = world.present();
			return units.flatMap((unit) => (world.condition(unit).serving ? [unit.name] : []));
		};
		return {
			clock: world.clock,
			control: () => new ScriptedControl(world),
			spec: (wanted) => ({ name: "a", owner: "project/stack/contract", generation: "g1", settings: {}, ...wanted }),
			kill: async (replica) => world.kill(replica),
			idle: async () => world.halt("idle"),
			query: async () => world.queries.send(serving(), 0),
			refuse: async () => {
				world.queries.send(serving(), 60);
				throw new Error("there is no such table");
			},
			makeTable: async (name) => {
				const table = { database: "default", name, engine: "ReplicatedMergeTree", path: `/${name}` };
				for (const unit of world.present().units) unit.tables = [...unit.tables, table];
			},
			close: async () => {},
		};
	},
});
