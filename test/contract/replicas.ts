import { expect } from "vitest";
import { ControlError } from "../../src/control/errors";
import type { Stage, Test } from "./stage";

/** One replica at a time: looked at, drained, restarted; and the mark of an update. */
export const replicas = {
	"the mark of an update is seen by every process until it is finished": async (stage) => {
		const { control, place, versions } = stage;
		await stage.started();
		const mark = { from: versions.v1, to: versions.v2, since: "2026-01-02T03:04:05.000Z" };
		await stage.under((claim) => control.begin(claim, mark));
		expect((await place.control().record())?.mark).toEqual(mark);
		expect((await place.control().observe())?.mark).toEqual(mark);
		const later = { ...mark, to: versions.v3 };
		await stage.under((claim) => control.begin(claim, later));
		await stage.under((claim) => control.begin(claim, later));
		expect((await place.control().record())?.mark).toEqual(later);
		await stage.under((claim) => control.finish(claim));
		await stage.under((claim) => control.finish(claim));
		expect((await place.control().record())?.mark).toBeUndefined();
		expect(await place.control().observe()).toMatchObject({ state: "Started" });
		expect((await place.control().observe())?.mark).toBeUndefined();
	},

	"a marked cluster is Updating or Degraded, and a stopped one is still Stopped": async (stage) => {
		const { control, versions } = stage;
		await stage.started();
		const mark = { from: versions.v1, to: versions.v2, since: "2026-01-02T03:04:05.000Z" };
		await stage.under((claim) => control.begin(claim, mark));
		expect(["Updating", "Degraded"]).toContain((await stage.observed()).state);
		await stage.under((claim) => control.stop(claim));
		await stage.until("Stopped");
		expect((await stage.observed()).mark).toEqual(mark);
	},

	"looking at a serving replica shows what observing shows": async (stage) => {
		const { replicas: observed } = await stage.started();
		for (const replica of observed) {
			const view = await stage.control.look(replica.name);
			expect(view.replica).toEqual(replica);
			expect(view.failure).toBeUndefined();
			expect(view.queries).toBe(0);
			expect(view.phase).not.toBe("");
		}
	},

	"a drained replica does not serve, the other does, and undraining lets it back": async (stage) => {
		const { control, place } = stage;
		const [one, other] = await two(stage);
		expect([undefined, 0]).toContain(await stage.under((claim) => control.drain(claim, one)));
		expect((await control.look(one)).replica.serving).toBe(false);
		expect((await place.control().look(one)).replica.serving).toBe(false);
		expect((await control.look(other)).replica.serving).toBe(true);
		await stage.under((claim) => control.drain(claim, one));
		await place.query?.();
		await stage.under((claim) => control.undrain(claim, one));
		await stage.lookUntil(one, ({ replica }) => replica.serving);
		await stage.under((claim) => control.undrain(claim, one));
		await stage.until("Started");
	},

	"a drain that prepares the next version leaves what runs as it is, also if it is undone": async (stage) => {
		const { control, versions } = stage;
		const [one, other] = await two(stage);
		await stage.under((claim) => control.drain(claim, one, versions.v2));
		const drained = (await control.look(one)).replica;
		expect(drained).toMatchObject({ serving: false, version: versions.v1, openedBy: versions.v1 });
		await stage.under((claim) => control.undrain(claim, one));
		const { replica } = await stage.lookUntil(one, (view) => view.replica.serving);
		expect(replica).toMatchObject({ version: versions.v1, openedBy: versions.v1 });
		expect((await control.look(other)).replica).toMatchObject({ version: versions.v1, openedBy: versions.v1 });
	},

	"a killed replica is seen, the other is not touched, and draining or undraining it does no harm": async (stage) => {
		const { control, place } = stage;
		const [one, other] = await two(stage);
		await place.kill(one);
		for (let tries = 0; tries < 3; tries++) {
			expect((await control.look(other)).replica.serving).toBe(true);
			await stage.under((claim) => control.drain(claim, one));
			expect((await control.look(one)).replica.serving).toBe(false);
			await stage.under((claim) => control.undrain(claim, one));
		}
	},

	"a killed replica serves again once it is restarted": async (stage) => {
		const { control, place, versions } = stage;
		const [one] = await two(stage);
		await place.kill(one);
		await stage.under((claim) => control.restart(claim, one, versions.v1));
		await stage.lookUntil(one, ({ replica }) => replica.serving);
		await stage.until("Started");
	},

	"a replica restarted at a newer version serves that, and its data are marked by it": async (stage) => {
		const { control, versions } = stage;
		const [one, other] = await two(stage);
		await stage.under(async (claim) => {
			await control.drain(claim, one, versions.v2);
			await control.restart(claim, one, versions.v2);
		});
		const { replica } = await stage.lookUntil(one, (view) => view.replica.serving);
		expect(replica).toMatchObject({ version: versions.v2, openedBy: versions.v2 });
		expect((await control.look(other)).replica).toMatchObject({ version: versions.v1, openedBy: versions.v1 });
		expect((await control.record())?.openedBy).toEqual({ [one]: versions.v2, [other]: versions.v1 });
	},

	"a replica is never shown as serving a version that it does not run": async (stage) => {
		const { control, versions } = stage;
		const [one] = await two(stage);
		await stage.under((claim) => control.drain(claim, one));
		await stage.under((claim) => control.restart(claim, one, versions.v2));
		const view = await stage.lookUntil(one, ({ replica }) => replica.serving);
		expect(view.replica.version).toBe(versions.v2);
	},

	"a version that can't start is a failure with its last words, and the other replica is not touched": async (
		stage,
	) => {
		const { control, place, versions } = stage;
		const [one, other] = await two(stage);
		const before = await control.look(other);
		await stage.under((claim) => control.restart(claim, one, versions.broken));
		const view = await stage.lookUntil(one, ({ failure }) => failure !== undefined);
		expect(view.failure?.cause).toBe("exits");
		expect(view.failure?.words.trim()).not.toBe("");
		expect(view.failure?.words).not.toContain("\n");
		expect(view.replica.serving).toBe(false);
		expect((await stage.observed()).state).toBe("Degraded");
		expect((await stage.observed()).replicas.find(({ name }) => name === one)?.trouble).not.toBeUndefined();
		expect((await control.look(other)).replica).toEqual(before.replica);
		await place.query?.();
	},

	"a failed replica restarted at a version that starts shows nothing of the failure": async (stage) => {
		const { control, versions } = stage;
		const [one] = await two(stage);
		await stage.under((claim) => control.restart(claim, one, versions.broken));
		await stage.lookUntil(one, ({ failure }) => failure !== undefined);
		await stage.under((claim) => control.restart(claim, one, versions.v3));
		const view = await stage.lookUntil(one, ({ failure, replica }) => failure !== undefined || replica.serving);
		expect(view.failure).toBeUndefined();
		expect(view.replica.version).toBe(versions.v3);
	},

	"no replica is restarted at a version below the one that opened its data": async (stage) => {
		const { control, versions } = stage;
		await stage.started({ version: versions.v2 });
		const before = await stage.observed();
		const one = before.replicas[0]?.name ?? "";
		await expect(stage.under((claim) => control.restart(claim, one, versions.v1))).rejects.toThrow(ControlError);
		expect(await stage.observed()).toEqual(before);
	},

	"restarting a replica of a stopped cluster notes the version for its next start": async (stage) => {
		const { control, versions } = stage;
		const [one, other] = await two(stage);
		await stage.under((claim) => control.stop(claim));
		await stage.until("Stopped");
		await stage.under((claim) => control.restart(claim, one, versions.v2));
		const noted = await stage.observed();
		expect(noted.state).toBe("Stopped");
		expect(noted.replicas.find(({ name }) => name === one)).toMatchObject({
			version: versions.v2,
			openedBy: versions.v1,
			serving: false,
		});
		expect(noted.replicas.find(({ name }) => name === other)?.version).toBe(versions.v1);
		await stage.under((claim) => control.start(claim));
		const started = await stage.until("Started");
		expect(started.replicas.find(({ name }) => name === one)).toMatchObject({
			version: versions.v2,
			openedBy: versions.v2,
		});
	},

	"a replica that does not exist is an error that names it": async (stage) => {
		await stage.started({ replicas: 1 });
		const error: unknown = await stage.control.look("no-such-replica").catch((reason: unknown) => reason);
		expect(error).toBeInstanceOf(ControlError);
		expect((error as Error).message).toContain("no-such-replica");
	},
} satisfies Record<string, Test>;

/** The names of the two replicas of a cluster that has started. */
async function two(stage: Stage): Promise<[string, string]> {
	const [one, other] = (await stage.started()).replicas;
	return [one?.name ?? "", other?.name ?? ""];
}
