import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { type Cell, faultOf, type Lane, lanes, sample } from "./faults/cells.mts";
import { Gathering } from "./faults/gathering.mts";
import { type Met, meet } from "./faults/meet.mts";
import { note } from "./faults/results.mts";
import { environment, unavailable } from "./harness.ts";

/** `npm run faults` goes through all cells and writes down what it sees; any other run goes through a few. */
const all = process.env.MODE === "faults";

/** A few cells of another commit are other ones; this has those of a commit again. */
const seed = process.env.DBCLUSTER_TEST_SEED ?? execFileSync("git", ["rev-parse", "HEAD"], { encoding: "utf8" }).trim();

const minute = 60_000;

const named = (lane: Lane) => [`${lane[0].fault}: ${lane.map(({ step }) => step).join(", ")}`, lane] as const;

async function go(lane: Lane, restart: (what: "API" | "containerd") => Promise<void>): Promise<void> {
	const seen: Met[] = [];
	await meet(lane, restart, (met) => {
		seen.push(met);
		if (all) {
			console.log(JSON.stringify(met, undefined, 2));
			note(met);
		}
	});
	expect(seen.map(judged)).toEqual(lane.map(wanted));
}

function judged({ fault, step, outcome, failedSelects, lost, selects }: Met) {
	const answered = faultOf({ fault, step }).mayFail === undefined ? failedSelects : [];
	return { fault, step, outcome, failedSelects: answered, lost, asked: selects > 0 };
}

const wanted = (cell: Cell) => ({
	...cell,
	outcome: expect.toBeOneOf([...faultOf(cell).outcome(cell.step)]),
	failedSelects: [],
	lost: 0,
	asked: true,
});

/** Each to its end, whatever becomes of the others. */
async function together(its: readonly Lane[], restart: () => Promise<void>, over: () => void = () => {}) {
	const gone = await Promise.allSettled(its.map((lane) => go(lane, restart).finally(over)));
	for (const each of gone) if (each.status === "rejected") throw each.reason;
}

const notOfThese = () => Promise.reject(new Error("nothing of these restarts a part of the node"));

describe.skipIf(unavailable !== undefined)("an update that meets a fault at one of its steps", () => {
	if (all) theMatrix();
	else {
		const few = sample(seed, 3);
		const names = few.map(([{ fault, step }]) => `${fault} at ${step}`);
		it(`a few of many, by the commit: ${names.join("; ")}`, () => together(few, notOfThese));
	}
});

function theMatrix(): void {
	it.concurrent.for(lanes(false).map(named))("%s", { timeout: 15 * minute }, ([, lane]) =>
		together([lane], notOfThese),
	);

	const { restartApi, restartContainerd } = environment;
	it.each([
		["containerd restarted", restartContainerd],
		["API restarted", restartApi],
	] as const)("%s", { timeout: 30 * minute }, async (fault, command) => {
		if (command === undefined) throw new Error("the command for it is not set, see harness.ts");
		const its = lanes(true).filter(([first]) => first.fault === fault);
		const gathering = new Gathering(command, its.length);
		await together(
			its,
			() => gathering.come(),
			() => gathering.leave(),
		);
	});
}
