import { ControlError } from "../../control/errors";
import type { Platform, SettingProblem } from "../../control/platform";
import type { DbVersion } from "../../core/version";
import { Cluster } from "./cluster";
import { KubernetesControl } from "./control";
import { listVersions } from "./images";
import { clientServiceName, ports } from "./names";
import { statefulSet, surroundings } from "./objects";
import { indexes } from "./server-config";
import { type KubernetesSettings, nameProblem, readSettings, settingKeys } from "./settings";
import { kept } from "./shape";

/** Clusters as StatefulSets of real servers, through the API server: the platform for production. */
export const kubernetesPlatform: Platform<KubernetesSettings> = {
	name: "kubernetes",
	keys: settingKeys,
	read: readSettings,
	place: ({ namespace, context }) => (context === undefined ? namespace : `${context}/${namespace}`),
	endpoint: (name, { namespace }) => `http://${clientServiceName(name)}.${namespace}.svc:${ports.http}`,
	releases: async ({ image }) => (await listVersions(image)).map((version) => ({ version })),
	control: (name, settings) => new KubernetesControl(name, settings),
	obstacles,
};

/** The API server itself judges all that would be made, as a dry run: a missing namespace, rights, quotas, policies. */
async function obstacles(
	name: string,
	settings: KubernetesSettings,
	version: DbVersion,
): Promise<readonly SettingProblem[]> {
	const unfit = nameProblem(name);
	if (unfit !== undefined) return [{ path: [], reason: unfit }];
	const cluster = new Cluster(name, settings);
	const shape = { name, namespace: settings.namespace, shards: 1, replicas: 1, settings: kept(settings) };
	const problems: SettingProblem[] = [];
	const attempt = async (path: SettingProblem["path"], work: () => Promise<unknown>) => {
		try {
			return await work();
		} catch (error) {
			if (!(error instanceof ControlError)) throw error;
			if (!problems.some(({ reason }) => reason === error.message)) problems.push({ path, reason: error.message });
			return undefined;
		}
	};
	await attempt(["image"], () => cluster.image(shape.settings, version));
	await attempt(["passwordSecret"], () => cluster.server(name, shape.settings));
	const image = { reference: settings.image, version, pullAlways: true };
	const sets = indexes(1).map((shard) => statefulSet(shape, shard, image, { replicas: 1 }));
	for (const object of [...surroundings(shape), ...sets])
		await attempt([], () => cluster.api.apply(object, { dryRun: true }));
	return problems;
}
