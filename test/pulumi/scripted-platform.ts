import { PlatformError } from "../../src/control/errors";
import type { Obstacle, Platform } from "../../src/control/platform";
import type { ClusterControl } from "../../src/control/port";
import { releases } from "../build";
import { ScriptedControl } from "../scripted/control";
import { World } from "../scripted/world";

/** The scripted clusters behind the provider, in the place of a real platform. */
export class Scripted {
	readonly worlds = new Map<string, World>();
	catalogue = "1.7.1 1.8.0 1.9.0";
	obstacles: Obstacle[] = [];
	unreachable = false;

	world(name: string): World {
		const world = this.worlds.get(name) ?? new World(name);
		this.worlds.set(name, world);
		for (const { version } of releases("1.7.0 1.7.1 1.8.0 1.9.0")) {
			// The provider goes by the real clock, and each call moves the scripted one by 5 ms.
			if (!world.engines.has(version)) world.engines.set(version, { boots: 20 });
		}
		return world;
	}

	readonly platform: Platform<{ folder: string }> = {
		name: "scripted",
		keys: ["folder", "port"],
		read: ({ folder = "here" }) =>
			typeof folder === "string"
				? { settings: { folder } }
				: { problems: [{ path: ["folder"], reason: `${folder} is not a folder.` }] },
		place: ({ folder }) => folder,
		endpoint: (name, { folder }) => `http://${name}.${folder}`,
		releases: async () => releases(this.catalogue),
		control: (name) => {
			const control = new ScriptedControl(this.world(name)) as ClusterControl<{ folder: string }>;
			const down = async () => {
				throw new PlatformError("connection refused");
			};
			return this.unreachable ? { ...control, record: down, observe: down } : control;
		},
		obstacles: async () => this.obstacles,
	};
}

export const scripted = new Scripted();
