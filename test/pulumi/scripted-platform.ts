import { ControlError, PlatformError } from "../../src/control/errors";
import type { Platform } from "../../src/control/platform";
import type { ClusterControl, Obstacle } from "../../src/control/port";
import { cluster, releases, v } from "../build";
import { ScriptedControl } from "../scripted/control";
import { World } from "../scripted/world";

interface Settings {
	readonly folder: string;
	/** What a replica reads at its start. */
	readonly memory?: string;
}

/** The scripted clusters behind the provider, in the place of a real platform. */
export class Scripted {
	readonly worlds = new Map<string, World>();
	catalogue = "1.7.1 1.8.0 1.9.0";
	obstacles: Obstacle[] = [];
	/** What the platform says where a change may not be tried. */
	untried = "";
	unreachable = false;
	/** What somebody deleted beside the replicas; `?`: nobody may ask. */
	deleted: string[] = [];
	/** A version of which there is no image. */
	missing = "";
	/** The digest of every image. */
	digest = `sha256:${"1".repeat(64)}`;
	/** The digest that every replica's pod asks for, if it does. */
	runs: string | undefined;
	/** Whether others made the cluster. */
	foreign = false;
	/** What a stop would lose. */
	loses = "";

	world(name: string): World {
		const world = this.worlds.get(name) ?? new World(name);
		this.worlds.set(name, world);
		for (const { version } of releases("1.7.0 1.7.1 1.8.0 1.9.0")) {
			// The provider goes by the real clock, and each call moves the scripted one by 5 ms.
			if (!world.engines.has(version)) world.engines.set(version, { boots: 20 });
		}
		return world;
	}

	readonly platform: Platform<Settings> = {
		name: "scripted",
		keys: ["folder", "port", "memory"],
		locating: ["folder"],
		read: ({ folder = "here", memory }) =>
			typeof folder === "string"
				? { settings: { folder, ...(typeof memory === "string" && { memory }) } }
				: { problems: [{ path: ["folder"], reason: `${folder} is not a folder.` }] },
		place: ({ folder }) => folder,
		endpoint: (name, { folder }) => `http://${name}.${folder}`,
		releases: async () => releases(this.catalogue),
		artifact: async (_, version, pin) => {
			if (this.missing === version) throw new ControlError(`there is no image db:${version}: push it`);
			if (pin !== undefined && pin.digest !== this.digest) throw new ControlError(`db:${version} is ${this.digest}`);
			return `db:${version}@${this.digest}`;
		},
		control: (name) => {
			const scripted = new ScriptedControl(this.world(name)) as ClusterControl<Settings>;
			const missing = async () => {
				if (this.deleted.includes("?")) throw new ControlError("services is forbidden");
				return this.deleted;
			};
			const itself = scripted.assess.bind(scripted);
			const assess: typeof itself = async (spec) => {
				const found = await itself(spec);
				const untried = { property: "scripted", reason: this.untried, untried: true } as const;
				const lost = { property: "desiredState", reason: this.loses };
				const loses = this.loses !== "" && spec.desiredState === "Stopped";
				const more = [...(this.untried === "" ? [] : [untried]), ...(loses ? [lost] : [])];
				return { ...found, obstacles: [...found.obstacles, ...more] };
			};
			const see = scripted.observe.bind(scripted);
			const observe: typeof see = async () => {
				const seen = await see();
				if (seen === undefined || this.runs === undefined) return seen;
				return { ...seen, replicas: seen.replicas.map((each) => ({ ...each, digest: this.runs })) };
			};
			const control = Object.assign(scripted, { missing, assess, observe });
			const down = async () => {
				throw new PlatformError("connection refused");
			};
			return this.unreachable ? { ...control, record: down, observe: down } : control;
		},
		obstacles: async () => this.obstacles,
		isForeign: () => this.foreign,
		importing: {
			ids: ["scripted:FOLDER/NAME, such as scripted:here/a"],
			isPlace: (place) => /^\w+$/.test(place),
			find: async (folder, name) => {
				if (this.unreachable) throw new PlatformError("connection refused");
				const { settings } = this.worlds.get(name)?.cluster ?? {};
				if (settings !== undefined) return { given: { ...JSON.parse(settings), folder }, notStored: ["scripted.key"] };
				if (!this.foreign) throw new ControlError(`there is no cluster ${name} in ${folder}`);
				const unmanaged = { version: v("1.8.0"), shards: 1, replicas: 2, seen: cluster("1.8.0 1.8.0") };
				return { given: { folder }, unmanaged };
			},
		},
		takeover: async ({ name }): Promise<Readonly<Record<string, string>>> =>
			this.foreign ? { replicas: `${name}-0-0, ${name}-0-1 go on` } : {},
	};
}

export const scripted = new Scripted();

/** In the place of the platforms that there are, by `vi.mock`. */
export const platforms = { scripted: scripted.platform };
