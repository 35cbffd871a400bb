import fc from "fast-check";
import { expect, it } from "vitest";
import type { Claim, ClusterControl, ReplicaView } from "../../src/control/port";
import type { Failure } from "../../src/core/cluster";
import { plan } from "../../src/core/plan";
import { v1 } from "../roll/build";
import type { Invariant } from "../scripted/invariants";
import type { World } from "../scripted/world";
import { timeout } from "./hold";
import { type Bug, play } from "./play";
import { scenario } from "./scenario";

/** A way to the cluster on which some calls are other than they should be. */
const through = (wrong: (control: ClusterControl, world: World) => Partial<ClusterControl>) => ({
	through: (control: ClusterControl, world: World): ClusterControl => ({ ...control, ...wrong(control, world) }),
});

/** One on which each look shows something else. */
const looks = (wrong: (view: ReplicaView) => Partial<ReplicaView["replica"]>) =>
	through((control) => ({
		look: async (name, care) => {
			const view = await control.look(name, care);
			return { ...view, replica: { ...view.replica, ...wrong(view) } };
		},
	}));

/** The failures that were seen, for the platform that never forgets one. */
const failures = new WeakMap<World, Map<string, Failure>>();
let questions = 0;

const bugs: Readonly<Record<string, readonly [Invariant, Bug]>> = {
	"one that is still starting is taken to serve": [
		"two-out",
		through((control, world) => ({
			look: async (name, care) => {
				const view = await control.look(name, care);
				return view.failure ? view : { ...view, replica: { ...view.replica, serving: true } };
			},
			holds: async (name) => (await control.holds(name)) ?? { tables: world.unit(name).tables },
		})),
	],
	"each is taken to have caught up, so that the next is restarted before a row is on two": [
		"last-copy",
		looks(() => ({ caughtUp: true })),
	],
	"nobody is asked what it holds": ["last-copy", through(() => ({ holds: async () => ({ tables: [] }) }))],
	"each that serves is taken to be able to take over": [
		"last-caught-up",
		looks(({ replica }) => (replica.serving ? { readOnly: false, caughtUp: true } : {})),
	],
	"an older version is asked for": [
		"version-lower",
		through((control) => ({ restart: (claim, replica) => control.restart(claim, replica, v1) })),
	],
	"what opened the data is forgotten": [
		"version-lower",
		through((control, world) => ({
			restart: (claim, replica) => {
				world.unit(replica).openedBy = undefined;
				return control.restart(claim, replica, v1);
			},
		})),
	],
	"clients reach what others have scaled up": [
		"stranger",
		through((control, world) => ({
			look: (name, care) => {
				for (const unit of world.present().units.filter(({ scaled }) => scaled === "surplus")) {
					unit.scaled = undefined;
					world.boot(unit);
				}
				return control.look(name, care);
			},
		})),
	],
	"the mark of the update is removed as it begins": [
		"incomplete",
		through((control) => ({
			begin: async (claim, mark) => {
				await control.begin(claim, mark);
				await control.finish(claim);
			},
		})),
	],
	"a failure that is over is still shown": [
		"not-resumed",
		through((control, world) => ({
			look: async (name, care) => {
				const view = await control.look(name, care);
				const seen = failures.get(world) ?? new Map<string, Failure>();
				if (view.failure !== undefined) failures.set(world, seen.set(name, view.failure));
				const failure = seen.get(name);
				return failure === undefined ? view : { ...view, failure, replica: { ...view.replica, serving: false } };
			},
		})),
	],
	"what is decided depends on how often that was": [
		"two-answers",
		{ answer: (cluster, to) => [plan(cluster, to), questions++] },
	],
	"whoever changes something does it under the claim of whoever has it": [
		"two-act",
		through((control, world) => {
			const held = (claim: Claim) => world.claims.held ?? claim;
			return {
				drain: (claim, replica, next) => control.drain(held(claim), replica, next),
				restart: (claim, replica, version) => control.restart(held(claim), replica, version),
				extend: async () => {},
			};
		}),
	],
	"a bug throws what is no error for people": [
		"bug",
		through((control) => ({
			undrain: async (claim, replica) => {
				await control.undrain(claim, replica);
				throw new TypeError("undefined is not a function");
			},
		})),
	],
};

it.each(Object.entries(bugs))("%s: caught", { timeout }, async (_, [invariant, bug]) => {
	const caught = fc.asyncProperty(scenario, async (given) => {
		const { violations } = await play(given, bug);
		return !violations.some((violation) => violation.startsWith(`${invariant}: `));
	});
	expect(await fc.check(caught, { numRuns: 5000, endOnFailure: true })).toMatchObject({ failed: true });
});

it("each invariant has a bug that it catches", () => {
	const all: Record<Invariant, true> = {
		"two-out": true,
		"last-copy": true,
		"last-caught-up": true,
		"version-lower": true,
		stranger: true,
		incomplete: true,
		"not-resumed": true,
		"two-answers": true,
		"two-act": true,
		bug: true,
	};
	const caught = new Set(Object.values(bugs).map(([invariant]) => invariant));
	expect([...caught].sort()).toEqual(Object.keys(all).sort());
});
