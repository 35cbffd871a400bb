import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { machine, results, saveResults } from "../../../bench/results.mts";
import { faultNames, steps } from "./cells.mts";
import type { Met } from "./meet.mts";

const file = join(results, "faults.json");

/** Writes down what was seen of a cell, in the place of what was seen there before. */
export function note({ said: _, failedSelects, ...met }: Met): void {
	const { cells } = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : { cells: [] };
	const others = (cells as Met[]).filter(({ step, fault }) => step !== met.step || fault !== met.fault);
	const place = ({ fault, step }: Pick<Met, "fault" | "step">) =>
		faultNames.indexOf(fault) * steps.length + steps.indexOf(step);
	const all = [...others, { ...met, failedSelects: failedSelects.length }];
	saveResults("faults", { machine: machine(), cells: all.sort((one, other) => place(one) - place(other)) });
}
