import type { Command } from "commander";
import { ControlError } from "../control/errors";
import { outcomeOf } from "../core/rehearsal";
import { compareVersions, type DbVersion, highest, parseVersion } from "../core/version";
import { rehearse } from "../pulumi/apply/rehearse";
import type { Complete } from "../pulumi/args/complete";
import { catalogueOf, latestKnown } from "../pulumi/judge/catalogue";
import { underClaim } from "../roll/claim-keeper";
import { systemClock } from "../roll/clock";
import type { RollEvent } from "../roll/events";
import { holder } from "../roll/holder";
import { withDefaults } from "../roll/timing";
import { buildOf } from "../words/advice";
import { progressText } from "../words/progress";
import { rehearsalText, rehearseProblems } from "../words/rehearsal";
import { unrecordedText } from "../words/resource";
import { settingsOf } from "./look";
import { print, printJson } from "./print";
import { clustersOf } from "./status";

interface Options {
	readonly stack?: string;
	readonly cwd: string;
	readonly json?: true;
}

const exitStatus = { passed: 0, failed: 1, "left-out": 2 } as const;

export function addRehearse(program: Command): void {
	program
		.command("rehearse")
		.summary("try a version beside a cluster, and record what it finds")
		.description(
			"Starts a version beside a cluster with its settings, users and table definitions, and none of its rows. Touches no replica. The result is recorded with the cluster: previews show it. Exits with 0 if the version passes, 1 if it fails, 2 if it can't be tried.",
		)
		.argument("[name]", "the name of the resource (default: the only cluster of the stack)")
		.argument("[version]", "the DB version (default: the newest of the catalogue)")
		.option("-s, --stack <name>", "the stack, instead of the selected one")
		.option("-C, --cwd <folder>", "where the project is", ".")
		.option("--json", "as JSON")
		.action(async (name: string | undefined, version: string | undefined, options: Options) => {
			// A single argument may be either.
			const isVersion = version === undefined && parseVersion(name) !== undefined;
			process.exitCode = await run(isVersion ? undefined : name, isVersion ? name : version, options);
		});
}

async function run(name: string | undefined, version: string | undefined, options: Options): Promise<number> {
	const { clusters } = await clustersOf(options);
	const named = clusters.filter(({ recorded }) => name === undefined || recorded.name === name);
	const [found, ...more] = named;
	if (found === undefined || more.length > 0) {
		const names = clusters.map(({ recorded }) => recorded.name);
		throw new ControlError(rehearseProblems.which(name, names));
	}
	const valid = settingsOf(found.inputs, found.isHere);
	const { place, args } = valid;
	const control = place.platform.control(place.name, place.settings, place.pin);
	const say = (event: RollEvent) => {
		if (event.event !== "rehearsed") print(`${found.recorded.name}: ${progressText(event)}\n`, process.stderr);
	};
	const timing = withDefaults({ stallSeconds: args.update.stallSeconds });
	const clock = systemClock;
	return underClaim({ control, holder: holder(), clock, timing, report: say }, async (keeper) => {
		const cluster = await control.observe();
		if (cluster?.record === undefined) throw new ControlError(unrecordedText(place, cluster));
		const runs = highest(cluster.replicas.flatMap((replica) => replica.version ?? []));
		const to = await target(valid, version, runs);
		const { queries } = args.update.rehearsal;
		const rehearsal = await rehearse({ control, keeper, clock, timing, report: say, to }, cluster, {
			queries,
			again: true,
		});
		if (rehearsal === undefined) throw new ControlError(rehearseProblems.nowhere(place.platform.name));
		if (options.json) printJson({ format: 1, outcome: outcomeOf(rehearsal), ...rehearsal });
		else print(`${found.recorded.name}: ${rehearsalText(rehearsal, buildOf(place.platform))}\n`);
		return exitStatus[outcomeOf(rehearsal)];
	});
}

async function target(valid: Complete, given: string | undefined, runs: DbVersion | undefined): Promise<DbVersion> {
	const to = given === undefined ? latestKnown(await catalogueOf(valid)) : parseVersion(given);
	if (to === undefined) throw new ControlError(rehearseProblems.version(given));
	if (runs !== undefined && compareVersions(to, runs) <= 0) throw new ControlError(rehearseProblems.notNewer(to, runs));
	return to;
}
