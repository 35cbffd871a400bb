import type { RuleName } from "../../core/refusal";
import { parseVersion } from "../../core/version";
import { clusterTypes } from "../../pulumi/stored";
import { readRule } from "../../words/refusals";
import { type Estimate, type Verdict, verdicts } from "../../words/report";
import { takeoverTitle } from "../../words/resource";
import { hasSecrets } from "../state";
import { readEstimate } from "./estimate";
import { type Notes, notesBetween } from "./notes";
import { type Diagnostic, holdsUnknown, type Preview, type PreviewStep, type Resource } from "./preview";

/** What a preview says about one cluster. Texts are not escaped yet. */
export interface ClusterReport {
	readonly urn: string;
	/** The resource's name, prefixed with its parent's if two clusters have the same. */
	readonly name: string;
	readonly verdict: Verdict;
	readonly from?: string;
	readonly to?: string;
	readonly refusals: readonly Refused[];
	/** What the update will do, in words, by transition. */
	readonly caveats: readonly { readonly transition: string; readonly lines: readonly (readonly [string, string])[] }[];
	/** Why there are no caveats, though the update may restart replicas. */
	readonly unsaid?: "secret" | "unknown";
	readonly estimate?: Estimate;
	readonly notes: readonly Notes[];
	/** A newer version that existed when the stack's state was last written. */
	readonly available?: string;
	/** Its desired state, if that changes. */
	readonly desired?: "Started" | "Stopped";
	readonly losesData: boolean;
}

export interface Refused {
	/** The property that is wrong; absent if it is the cluster itself. */
	readonly property?: string;
	/** Absent if the error is not from this package: it may quote anything, even what a log masks. */
	readonly reason?: string;
	/** The rule that refuses; absent where an argument is wrong, or the platform refuses. */
	readonly rule?: RuleName;
}

export interface StackReport {
	/** The most urgent first. */
	readonly clusters: readonly ClusterReport[];
	/** How many errors are about other resources, and the names of those. */
	readonly otherErrors: { readonly count: number; readonly at: readonly string[] };
	readonly failed: boolean;
	/** It failed before it reached any resource. */
	readonly empty: boolean;
	/** `project/stack`, if any resource shows it. */
	readonly stack?: string;
}

const urgency = Object.keys(verdicts);

/** The most urgent first, then by name, because the order of a preview's steps varies. */
function byUrgency(a: ClusterReport, b: ClusterReport): number {
	return urgency.indexOf(a.verdict) - urgency.indexOf(b.verdict) || (a.name < b.name ? -1 : Number(a.name > b.name));
}

/**
 * What a preview says about each cluster of a stack.
 *
 * @param state The stack's resources before: a failed preview does not list those that it did not reach.
 * @param status The preview's exit status, if known: a policy violation, for example, shows only there.
 */
export function report(preview: Preview, state: readonly Resource[] = [], status?: number): StackReport {
	const { steps, diagnostics, empty } = preview;
	const errors = diagnostics.filter(({ severity }) => severity === "error");
	const failed = empty || errors.length > 0 || (status ?? 0) !== 0;
	const others = errors.filter(({ urn }) => urn === undefined || !isCluster(urn));
	const known = new Map(state.map((resource) => [resource.urn, resource]));
	const urns = new Set([
		...steps.map(({ urn }) => urn),
		...errors.flatMap(({ urn }) => (urn === undefined ? [] : [urn])),
		...(failed ? known.keys() : []),
	]);
	const clusters = [...urns].filter(isCluster).map((urn) => {
		const isIts = (it: { readonly urn?: string }) => it.urn === urn;
		return clusterReport(urn, steps.filter(isIts), errors.filter(isIts), known.get(urn), steps);
	});
	const states = steps.flatMap(({ oldState, newState }) => [oldState ?? [], newState ?? []].flat());
	const parents = new Map([...state, ...states].map((it) => [it.urn, it.parent]));
	return {
		clusters: named(clusters, parents).sort(byUrgency),
		otherErrors: { count: others.length, at: [...new Set(others.flatMap(({ urn }) => (urn ? nameOf(urn) : [])))] },
		failed,
		empty,
		...stackOf([...urns][0]),
	};
}

function clusterReport(
	urn: string,
	steps: readonly PreviewStep[],
	errors: readonly Diagnostic[],
	known: Resource | undefined,
	all: readonly PreviewStep[],
): ClusterReport {
	const step = decisiveOf(steps);
	const before = step?.oldState ?? known;
	const after = step?.newState;
	const outputs = before?.outputs ?? {};
	const refusals = errors.map(({ message }) => refused(message));
	const caveats = caveatsOf(after?.inputs?.caveats);
	const from = version(outputs.version) ?? version(before?.inputs?.version);
	const to = version(after?.inputs?.version) ?? refusals.map(({ value }) => value).find((value) => value !== undefined);
	const moves = caveats.some(({ transition }) => isOfVersions(transition)) || (after && from !== to);
	const unsaid = step?.op === "update" ? unsaidOf(after?.inputs) : undefined;
	const estimate = readEstimate(outputs.lastUpdate);
	const wish = after?.inputs?.desiredState;
	const isNew = step?.op === "update" && wish !== before?.inputs?.desiredState;
	const available = outputs.updateAvailable === true ? version(outputs.latestVersion) : undefined;
	return {
		urn,
		name: nameOf(urn),
		verdict: errors.length > 0 ? "refused" : isMoved(step, all) ? "moved" : verdictOf(step, steps, moves === true),
		...(from !== undefined && { from }),
		...(to !== undefined && { to }),
		refusals: refusals.map(({ value, ...rest }) => rest),
		caveats,
		...(unsaid !== undefined && { unsaid }),
		...(estimate !== undefined && { estimate }),
		notes: notesBetween(after?.inputs?.versions, from, to),
		...(available !== undefined && { available }),
		...(isNew && (wish === "Started" || wish === "Stopped") && { desired: wish }),
		losesData: (outputs.deletionPolicy ?? before?.inputs?.deletionPolicy) === "Delete",
	};
}

/**
 * Of several steps of one resource the first of these says what becomes of it: a refresh comes before another step, the
 * parts of a replacement around it, the deletion of what an earlier one left beside anything.
 */
const decisive = ["replace", "create-replacement", "delete", "discard", "create", "import", "update", "same", "read"];

function decisiveOf(steps: readonly PreviewStep[]): PreviewStep | undefined {
	const op = decisive.find((it) => steps.some((step) => step.op === it));
	return steps.find((step) => op === undefined || step.op === op);
}

/** A replacement comes after the deletion. What is retained is not deleted, and what is created finds it. */
function isDeletedFirst(steps: readonly PreviewStep[]): boolean {
	const created = steps.findIndex(({ op }) => op === "create-replacement");
	return steps.some(({ op, oldState }, index) => {
		const isFirst = oldState?.pendingReplacement === true || (op === "delete-replaced" && index < created);
		return isFirst && oldState?.retainOnDelete !== true;
	});
}

/** As after a move to another parent without an alias: a create before it keeps the cluster, as check has said there. */
function isMoved(step: PreviewStep | undefined, all: readonly PreviewStep[]): boolean {
	if (step?.op !== "delete") return false;
	const before = all.slice(0, all.indexOf(step));
	return before.some(({ op, newState }) => {
		const keeps = caveatsOf(newState?.inputs?.caveats).some(({ transition }) => transition === takeoverTitle);
		return op === "create" && keeps && newState?.inputs?.endpoint === step.oldState?.outputs?.endpoint;
	});
}

function verdictOf(step: PreviewStep | undefined, steps: readonly PreviewStep[], moves: boolean): Verdict {
	switch (step?.op) {
		case undefined:
			return "not-judged";
		case "same":
		case "read":
		case "refresh":
			return "unchanged";
		case "create":
		case "import":
			return "created";
		case "delete":
			return step?.oldState?.retainOnDelete ? "removed" : "deleted";
		case "discard":
			return "deleted";
		case "update":
			return moves ? "updated" : "changed";
		default:
			return isDeletedFirst(steps) ? "recreated" : "replaced";
	}
}

/** Changes of settings, state and owner, and creations, are not. */
const isOfVersions = (transition: string) =>
	transition !== takeoverTitle && !/^(settings|creation) at | -> (Started|Stopped)$/.test(transition);

/** The input that `check` adds: named texts by transition. */
function caveatsOf(caveats: unknown): ClusterReport["caveats"] {
	if (!isRecord(caveats)) return [];
	return Object.entries(caveats).flatMap(([transition, lines]) => {
		if (!isRecord(lines)) return [];
		const texts = Object.entries(lines).flatMap(([name, text]) =>
			typeof text === "string" ? [[name, text] as const] : [],
		);
		return [{ transition, lines: texts }];
	});
}

function unsaidOf(inputs: Resource["inputs"] = {}): ClusterReport["unsaid"] {
	const { caveats } = inputs;
	if (caveats === "[secret]" || hasSecrets(caveats)) return "secret";
	return caveatsOf(caveats).length === 0 && holdsUnknown(inputs) ? "unknown" : undefined;
}

const longest = 20_000;

/** Parses Pulumi's message of a failed `check`. The value is kept only if it is a version: others may be anything. */
function refused(message: string): Refused & { readonly value?: string } {
	// Our own messages are shorter; the expression below takes the square of the length of others.
	const text = message
		.slice(0, longest)
		.replace(/^error: /, "")
		.trim();
	const whole =
		/^\S+ resource '.*?'(?:: property (?<property>\S+) value (?<value>.*?))? has a problem: (?<reason>.*)$/s;
	const { property, value, reason } = whole.exec(text)?.groups ?? {};
	if (reason === undefined) return {};
	const asked = property === "version" ? version(/^\{(.*)\}$/.exec(value ?? "")?.[1]) : undefined;
	return { ...readRule(reason), ...(property && { property }), ...(asked && { value: asked }) };
}

/** `latest` counts as well, and a digest may follow; a value that is secret or unknown does not. */
function version(value: unknown): string | undefined {
	return value === "latest" ? value : parseVersion(typeof value === "string" ? value.split("@", 1)[0] : undefined);
}

/** If two have the same name, those in a component are prefixed with its name or else its type. */
function named(clusters: ClusterReport[], parents: ReadonlyMap<string, string | undefined>): ClusterReport[] {
	return clusters.map((cluster) => {
		const types = typesOf(cluster.urn).split("$");
		if (types.length === 1 || clusters.filter(({ name }) => name === cluster.name).length === 1) return cluster;
		const parent = parents.get(cluster.urn);
		return {
			...cluster,
			name: `${parent === undefined ? types.at(-2)?.split(":").at(-1) : nameOf(parent)}/${cluster.name}`,
		};
	});
}

function isCluster(urn: string): boolean {
	return Object.values<unknown>(clusterTypes).includes(typesOf(urn).split("$").at(-1));
}

/** `urn:pulumi:stack::project::type$type::name`; a name may contain anything, even `::`. */
function typesOf(urn: string): string {
	return urn.split("::")[2] ?? "";
}

function nameOf(urn: string): string {
	return urn.split("::").slice(3).join("::");
}

function stackOf(urn = ""): { stack?: string } {
	const [, stack, project] = /^urn:pulumi:(.+?)::(.+?)::/.exec(urn) ?? [];
	return stack === undefined ? {} : { stack: `${project}/${stack}` };
}

function isRecord(value: unknown): value is Record<string, unknown> {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}
