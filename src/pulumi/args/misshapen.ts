import type { InputProblem } from "./problem";
import { type Path, shownPath } from "./unknown";

/** The deepest of all arguments, the affinity of a pod, needs about ten levels. */
const deepest = 64;

/**
 * What no argument may have anywhere: endless depth, on which whatever walks through it would fail, and the one name that
 * an object of JavaScript can't hold like any other.
 */
export function misshapen(inputs: Readonly<Record<string, unknown>>): InputProblem[] {
	const found: InputProblem[] = [];
	const visit = (value: unknown, path: Path): void => {
		if (typeof value !== "object" || value === null || found.length > 0) return;
		const [first = ""] = path;
		if (path.length > deepest) {
			found.push({
				property: String(first),
				reason: `it is nested more than ${deepest} levels deep. Check how the program builds it: no argument is that deep.`,
			});
			return;
		}
		if (Object.hasOwn(value, "__proto__")) {
			found.push({
				property: shownPath(path),
				reason: "it holds __proto__, which can't be a name here. Leave it out.",
			});
			return;
		}
		for (const [key, each] of Object.entries(value)) visit(each, [...path, Array.isArray(value) ? Number(key) : key]);
	};
	visit(inputs, []);
	return found;
}
