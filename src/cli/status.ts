import { resolve } from "node:path";
import type { Command } from "commander";
import { ControlError, ifKnown } from "../control/errors";
import { type ClusterStatus, headings, noClustersText, recordedText, remarks, row } from "../words/status";
import { oneLine, withFullStop } from "../words/text";
import { displayOn } from "./display";
import { liveStatus, recordedStatus, settingsOf, troubled } from "./look";
import { print, printJson } from "./print";
import { Pulumi, projectOf } from "./pulumi";
import { clustersIn, hasSecrets, type RecordedCluster, revealed } from "./state";
import { type Watched, watchUpdates } from "./watch";

interface Options {
	readonly stack?: string;
	readonly all?: true;
	readonly cwd: string;
	readonly recorded?: true;
	readonly json?: true;
	readonly watch?: true;
	readonly detailedExitcode?: true;
}

export function addStatus(program: Command): void {
	program
		.command("status")
		.description("lists the clusters of a stack: their versions, newer ones, and the command that updates them")
		.option("-s, --stack <name>", "the stack, instead of the selected one")
		.option("-a, --all", "all stacks of the backend")
		.option("-C, --cwd <folder>", "where the project is", ".")
		.option("--recorded", "read only Pulumi's state; asks no cluster and needs no secrets")
		.option("--json", "as JSON")
		.option("-w, --watch", "follow an update replica by replica until it ends, then list")
		.option(
			"--detailed-exitcode",
			"exit with 0 if all is up to date, 1 on an error, 2 if an update is available or unfinished",
		)
		.action(async (options: Options, command: Command) => {
			for (const [one, other] of [
				["all", "stack"],
				["watch", "json"],
				["watch", "recorded"],
			] as const) {
				if (options[one] && options[other]) command.error(`error: --${one} and --${other} can't be combined`);
			}
			process.exitCode = await status(options);
		});
}

async function status(options: Options): Promise<number> {
	const { clusters, problems } = await clustersOf(options);
	if (options.watch) {
		const watched = await Promise.all(clusters.map(watchable));
		await watchUpdates(
			watched.filter((each) => each !== undefined),
			displayOn(process.stdout),
		);
		process.stdout.write("\n");
	}
	const known = await Promise.all(clusters.map((cluster) => statusOf(cluster, options.recorded === true)));
	if (options.json) printJson({ format: 1, clusters: known, ...(problems.length > 0 && { problems }) });
	else print(listing(known, problems));
	return exitStatus(known, options.detailedExitcode === true, problems);
}

/**
 * Like `terraform plan -detailed-exitcode`; without the option, an available update is no failure.
 *
 * @returns 0: up to date; 1: a cluster could not be asked, or a stack could not be read; 2: an update is available or
 * unfinished, or the size is not the one that the last `pulumi up` left.
 */
export function exitStatus(
	clusters: readonly ClusterStatus[],
	detailed: boolean,
	problems: readonly StackProblem[] = [],
): number {
	if (problems.length > 0 || clusters.some(({ problem }) => problem !== undefined)) return 1;
	const due = clusters.some(({ updateAvailable, unfinished, scaled }) => updateAvailable || unfinished || scaled);
	return detailed && due ? 2 : 0;
}

/** The table, followed by what to do. */
export function listing(clusters: readonly ClusterStatus[], problems: readonly StackProblem[] = []): string {
	const unread = problems.map(({ stack, problem }) => `${stack}: ${withFullStop(oneLine(problem))}`);
	if (clusters.length === 0) return `${unread.join("\n")}\n`;
	const several = new Set(clusters.map(({ stack }) => stack)).size > 1;
	const lines = aligned([headings(several), ...clusters.map((it) => row(it, several))]);
	const said = [...clusters.flatMap(remarks), ...unread];
	if (clusters.every(({ source, problem }) => source === "recorded" && problem === undefined)) said.push(recordedText);
	return `${[...lines, ...(said.length > 0 ? ["", ...said] : [])].join("\n")}\n`;
}

function aligned(rows: readonly (readonly string[])[]): string[] {
	const widths = rows[0]?.map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0))) ?? [];
	return rows.map((cells) =>
		cells
			.map((cell, column) => cell.padEnd(widths[column] ?? 0))
			.join("   ")
			.trimEnd(),
	);
}

/** A cluster of a stack, with its settings if it is to be asked, or why they can't be read. */
export interface StackCluster {
	readonly recorded: RecordedCluster;
	readonly inputs: Readonly<Record<string, unknown>>;
	readonly isHere: boolean;
}

/** One of several stacks that could not be read: which clusters it has is not known. */
export interface StackProblem {
	/** As `--stack` takes it. */
	readonly stack: string;
	readonly problem: string;
}

/** Stacks whose states are read in parallel: each is a process of the CLI. */
const atOnce = 4;

/** Also makes the program's folder the current one, if the project is found. */
export async function clustersOf({
	stack,
	all,
	cwd,
	recorded,
}: Pick<Options, "stack" | "all" | "cwd" | "recorded">): Promise<{
	readonly clusters: readonly StackCluster[];
	readonly problems: readonly StackProblem[];
}> {
	const pulumi = new Pulumi(resolve(cwd));
	const stacks = all ? await pulumi.all() : [stack ?? (await pulumi.selected())];
	const project = projectOf(pulumi.folder);
	const clusters: StackCluster[] = [];
	const problems: StackProblem[] = [];
	for (let at = 0; at < stacks.length; at += atOnce) {
		const some = stacks.slice(at, at + atOnce);
		const found = some.map(async (name): Promise<readonly StackCluster[] | StackProblem> => {
			try {
				return await clustersOfStack(pulumi, name, project?.name, recorded !== true);
			} catch (error) {
				// Such as another passphrase, or a stack that was just removed: the others are shown all the same.
				if (!all || !(error instanceof ControlError)) throw error;
				return { stack: name, problem: error.message };
			}
		});
		for (const each of await Promise.all(found)) {
			if ("problem" in each) problems.push(each);
			else clusters.push(...each);
		}
	}
	if (clusters.length === 0 && problems.length === 0) throw new ControlError(noClustersText(stacks));
	// Paths in a program's arguments are relative to its folder.
	if (project !== undefined) process.chdir(project.program);
	return { clusters, problems };
}

async function clustersOfStack(
	pulumi: Pulumi,
	stack: string,
	project: string | undefined,
	live: boolean,
): Promise<StackCluster[]> {
	const found = clustersIn(await pulumi.export(stack), stack);
	// Such as a kubeconfig: it is kept in memory only while the cluster is asked.
	const secret = live && found.some(({ inputs }) => hasSecrets(inputs));
	const open = secret ? clustersIn(await pulumi.export(stack, true), stack) : found;
	const inputs = new Map(open.map((cluster) => [cluster.urn, cluster.inputs]));
	// A `pulumi up` changes the state between both readings: its order, too, and a cluster may be gone.
	return found.flatMap((recorded) => {
		const its = inputs.get(recorded.urn);
		if (its === undefined) return [];
		return [{ recorded, inputs: revealed(its) as Record<string, unknown>, isHere: recorded.project === project }];
	});
}

async function statusOf({ recorded, inputs, isHere }: StackCluster, stateOnly: boolean): Promise<ClusterStatus> {
	if (stateOnly) return recordedStatus(recorded);
	try {
		return await liveStatus(recorded, settingsOf(inputs, isHere));
	} catch (error) {
		if (error instanceof ControlError) return troubled(recordedStatus(recorded), error.message);
		throw error;
	}
}

/** A cluster that can't be asked can't be watched; the list says why. */
function watchable({ recorded, inputs, isHere }: StackCluster): Promise<Watched | undefined> {
	return ifKnown(async () => {
		const { place } = settingsOf(inputs, isHere);
		return { name: recorded.name, control: place.platform.control(place.name, place.settings) };
	});
}
