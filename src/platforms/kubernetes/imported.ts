import { ControlError } from "../../control/errors";
import type { FoundCluster, Importing } from "../../control/platform";
import { discover } from "./adopted/imported";
import { Api } from "./api/api";
import { connect } from "./api/connection";
import type { StatefulSet } from "./api/types";
import type { Connection } from "./api/wire";
import { isCreated, lostRecord } from "./ask/lost";
import { allRecords, RecordStore, type Stored } from "./ask/record";
import { label, recordName } from "./render/names";
import { alsoOfExisting, dnsLabel } from "./render/settings-schema";

/** Clusters of ours by their record, existing StatefulSets by what they are. The kubeconfig is the default one. */
export const kubernetesImporting: Importing = {
	ids: [
		"kubernetes:NAMESPACE/NAME, such as kubernetes:db/analytics, with a context before the namespace if it is not the current one: kubernetes:production/db/analytics",
		"for existing StatefulSets, kubernetes:NAMESPACE/NAME=STATEFULSET,STATEFULSET in the order of the shards, such as kubernetes:db/shop=clickhouse-0,clickhouse-1",
	],
	isPlace: (place) => dnsLabel.test(whereOf(place).namespace) && !place.startsWith("/"),
	find: (place, name, parts) => {
		const where = whereOf(place);
		return findIn(new Api(connected(where, name), where.namespace), where, name, parts);
	},
};

/** A context may have slashes: of an id with one too many, what is wrong is how it was read. */
function connected(where: Where, name: string): Connection {
	try {
		return connect(where);
	} catch (error) {
		if (where.context === undefined || !(error instanceof ControlError)) throw error;
		throw new ControlError(
			`${error.message}. The id was read as the context ${where.context}, the namespace ${where.namespace} and the cluster ${name}: an id is ${kubernetesImporting.ids.join("; or ")}`,
		);
	}
}

interface Where {
	readonly namespace: string;
	readonly context?: string;
}

/** A context may have slashes, a namespace has none. */
function whereOf(place: string): Where {
	const end = place.lastIndexOf("/");
	const namespace = place.slice(end + 1);
	return end < 0 ? { namespace } : { namespace, context: place.slice(0, end) };
}

async function findIn(api: Api, where: Where, name: string, parts?: readonly string[]): Promise<FoundCluster> {
	const stored = await new RecordStore(api, name).read();
	if (stored?.owner === undefined) {
		await refuseLost(api, name);
		const sets = parts ?? ((await api.get("statefulsets", name)) === undefined ? undefined : [name]);
		if (sets === undefined) throw new ControlError(await absence(api, name));
		return { ...(await discover(api, where, name, sets)), notStored };
	}
	const its = stored.settings?.existing?.statefulSets;
	if (parts !== undefined && parts.join() !== its?.join())
		throw new ControlError(
			`the cluster '${name}' in the namespace ${api.namespace} is managed by DbCluster already, and does not consist of ${parts.join(", ")}. In the id, leave out = and the StatefulSets, or give another name.`,
		);
	return { given: { ...where, ...settingsIn(stored, name) }, notStored };
}

/** It holds credentials. */
const notStored = ["kubernetes.kubeconfig"];

/** What the cluster was last created or configured with. */
function settingsIn({ settings }: Stored, name: string): object {
	if (settings === undefined)
		throw new ControlError(
			`the ConfigMap ${recordName(name)} holds no settings, so the arguments of '${name}' are unknown. Declare the cluster with adopt: true and run pulumi up instead`,
		);
	if (settings.existing === undefined) return settings;
	// The others are defaults, and about pods that are created here.
	return Object.fromEntries(Object.entries(settings).filter(([key]) => alsoOfExisting.includes(key)));
}

/** A cluster of ours without its record is no existing one: what opened its data is unknown. */
async function refuseLost(api: Api, name: string): Promise<void> {
	const sets = await api.list<StatefulSet>("statefulsets", { labels: `${label.cluster}=${name}` });
	const ours = sets.find((set) => isCreated(set, name));
	if (ours !== undefined) throw new ControlError(lostRecord(ours, name));
}

async function absence(api: Api, name: string): Promise<string> {
	const [records, sets] = await Promise.all([allRecords(api), api.list<StatefulSet>("statefulsets", {})]);
	const clusters = [...records].flatMap(([cluster, { owner }]) => (owner === undefined ? [] : [cluster]));
	const others = sets.filter(({ metadata }) => !clusters.includes(metadata.labels?.[label.cluster] ?? ""));
	const named = (names: readonly string[]) => (names.length === 0 ? "none" : names.join(", "));
	return `the namespace ${api.namespace} at ${api.connection.server} has no cluster '${name}' and no StatefulSet of that name. Its clusters: ${named(clusters)}. Its other StatefulSets: ${named(others.map(({ metadata }) => metadata.name))}. An id ends with the name of a cluster. To import existing StatefulSets under a new name, list them in the order of the shards: ${name}=STATEFULSET,STATEFULSET.`;
}
