import { ControlError } from "../../../control/errors";
import type { FoundCluster, Unmanaged } from "../../../control/platform";
import type { DbVersion } from "../../../core/version";
import { repositoryOf } from "../../../remote/reference";
import { spellingOf } from "../../../remote/spelling";
import type { Api } from "../api/api";
import type { Container, Pod, StatefulSet } from "../api/types";
import { label, parseReplica, ports } from "../render/names";
import { type AdoptedSettings, isAdopted, readSettings } from "../render/settings-schema";
import { AdoptedCluster } from "./cluster";
import { inspect } from "./inspect";
import { clientServices } from "./services";
import { podsOf } from "./template";

/**
 * The arguments with which existing StatefulSets are taken over as they are.
 *
 * @param where The namespace, and the context if one is named.
 * @param statefulSets The StatefulSet of each shard; at least one.
 * @throws ControlError with everything that keeps them from being taken over, except a login that can't be found out.
 */
export async function discover(
	api: Api,
	where: Pick<AdoptedSettings, "namespace" | "context">,
	name: string,
	statefulSets: readonly string[],
): Promise<Required<Pick<FoundCluster, "given" | "unmanaged" | "notes">>> {
	const sets = await Promise.all(statefulSets.map((set) => mustBeFree(api, set, name)));
	const server = serverOf(sets);
	const { httpPort, login } = told(server);
	const { image, version } = spelled(server.image ?? "");
	const settings = (services: readonly string[]) => ({
		...where,
		image,
		...login,
		existing: { statefulSets, services, container: server.name, httpPort },
	});
	const clusterWith = (services: readonly string[]) =>
		new AdoptedCluster(name, read(settings(services)), undefined, api.connection);
	const undecided = clusterWith(statefulSets);
	const isMember = ({ metadata }: Pod) => parseReplica({ name: "", statefulSets }, metadata.name) !== undefined;
	const pods = (await Promise.all(sets.map((set) => podsOf(undecided, set)))).flat().filter(isMember);
	if (pods.length === 0)
		throw new ControlError(
			`${statefulSets.join(", ")} has no pod, and only a running cluster can be imported. Scale it up first.`,
		);
	const services = await clientServices(undecided, pods, httpPort);
	const size = { version, shards: sets.length, replicas: sets[0]?.spec.replicas ?? 1 };
	const { obstacles, pods: ready } = await inspect(clusterWith(services), size);
	const isLogin = ({ property }: { readonly property: string }) =>
		property === "kubernetes.user" || property === "kubernetes.passwordSecret";
	const against = obstacles.filter((obstacle) => !isLogin(obstacle));
	if (against.length > 0) throw new ControlError(against.map(({ reason }) => reason).join(" "));
	const notes = obstacles.map(
		({ reason }) =>
			`The login of ${name} is not known: ${reason.replace(/\.$/, "")}. Set kubernetes.user and kubernetes.passwordSecret in the program; the takeover needs them.`,
	);
	const unmanaged = { ...size, seen: seen(name, statefulSets, ready, version) };
	return { given: settings(services), unmanaged, notes: notes.slice(0, 1) };
}

/** A StatefulSet that is part of no other cluster. */
async function mustBeFree(api: Api, name: string, cluster: string): Promise<StatefulSet> {
	const set = await api.get<StatefulSet>("statefulsets", name);
	if (set === undefined) {
		const others = (await api.list<StatefulSet>("statefulsets", {})).map(({ metadata }) => metadata.name);
		throw new ControlError(
			`the namespace ${api.namespace} has no StatefulSet ${name}. It has ${others.length === 0 ? "no StatefulSet" : others.join(", ")}.`,
		);
	}
	const its = set.metadata.labels?.[label.cluster];
	if (its !== undefined && its !== cluster)
		throw new ControlError(`the StatefulSet ${name} is part of the cluster '${its}': import that one, ${its}.`);
	return set;
}

const declare = "Declare the cluster in a program, with adopt: true and kubernetes.existing, instead of importing it.";

/** The container that is the server: by its usual name, by its port, or because there is no other. */
function serverOf(sets: readonly StatefulSet[]): Container {
	const { metadata, spec } = sets[0] as StatefulSet;
	const { containers } = spec.template.spec;
	const usual = containers.filter(({ name }) => name === "clickhouse");
	const listening = containers.filter((each) => each.ports?.some(({ containerPort }) => containerPort === ports.http));
	const [server] = [usual, listening, containers].flatMap((some) => (some.length === 1 ? some : []));
	if (server !== undefined) return server;
	const all = containers.map(({ name }) => name).join(", ");
	throw new ControlError(
		`it is unknown which container of ${metadata.name} is the server: of ${all}, none is named clickhouse, and none or several have port ${ports.http}. ${declare}`,
	);
}

/** What a container says of how its server is reached: the port, and the login by the variables of usual images. */
function told({ env = [], ports: its = [] }: Container) {
	const isUsual = its.length === 0 || its.some(({ containerPort }) => containerPort === ports.http);
	const named = its.find(({ name }) => name === "http")?.containerPort;
	const variable = (what: string) =>
		env.find(({ name }) => name === `CLICKHOUSE_${what}` || name === `CLICKHOUSE_ADMIN_${what}`);
	const user = variable("USER")?.value;
	const secret = variable("PASSWORD")?.valueFrom?.secretKeyRef;
	return {
		httpPort: isUsual ? ports.http : (named ?? ports.http),
		login: {
			...(user !== undefined && { user }),
			...(secret && { passwordSecret: { name: secret.name, key: secret.key } }),
		},
	};
}

/** How an image spells its tags. Of a tag without a version nothing is known: the inspection says what to write instead. */
function spelled(reference: string): { readonly image: string; readonly version: DbVersion } {
	const [tagged = ""] = reference.split("@");
	const image = repositoryOf(tagged);
	return spellingOf(tagged, tagged.slice(image.length + 1)) ?? { image, version: "0.0.0" as DbVersion };
}

function read(given: Readonly<Record<string, unknown>>): AdoptedSettings {
	const found = readSettings(given);
	if ("settings" in found && isAdopted(found.settings)) return found.settings;
	const reasons = "problems" in found ? found.problems.map(({ path, reason }) => `${path.join(".")}: ${reason}`) : [];
	throw new ControlError(`the arguments that were found are not accepted: ${reasons.join(" ")} ${declare}`);
}

/** The inspection found every replica ready. */
function seen(
	name: string,
	statefulSets: readonly string[],
	pods: readonly Pod[],
	version: DbVersion,
): Unmanaged["seen"] {
	const replicas = pods.map(({ metadata }) => ({
		name: metadata.name,
		...(parseReplica({ name, statefulSets }, metadata.name) ?? { shard: 0, ordinal: 0 }),
		version,
		openedBy: version,
		serving: true,
		readOnly: undefined,
		caughtUp: undefined,
	}));
	return { name, state: "Started", replicas };
}
