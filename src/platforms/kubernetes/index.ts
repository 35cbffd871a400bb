import { createHash } from "node:crypto";
import type { Pin, Platform } from "../../control/platform";
import type { ClusterSpec, Obstacle } from "../../control/port";
import { imageReleases } from "../../remote/tag-versions";
import { AdoptedCluster } from "./adopted/cluster";
import { adoptedControl } from "./adopted/control";
import { inspect } from "./adopted/inspect";
import { takenOver } from "./adopted/words";
import { connect } from "./api/connection";
import { Cluster } from "./ask/cluster";
import { resolveImage } from "./ask/images";
import { foundBy, mayBeMade } from "./change/create";
import { collector, tryOut } from "./change/obstacles";
import { kubernetesControl } from "./control";
import { kubernetesImporting } from "./imported";
import { clientServiceName, ports } from "./render/names";
import { surroundings, wholeCluster } from "./render/objects";
import { isAdopted, type KubernetesSettings, readSettings, settingKeys } from "./render/settings-schema";
import { shapeOf } from "./render/shape";

/** Clusters as StatefulSets of real servers: the platform for production. */
export const kubernetesPlatform: Platform<KubernetesSettings> = {
	name: "kubernetes",
	// A Service balances connections, not requests.
	resetsConnections: true,
	keys: settingKeys,
	locating: ["namespace", "kubeconfig", "context", "existing", "image"],
	// A context is a name for an API server on one machine.
	mayBeSame: (before, now) => before.namespace === now.namespace,
	read: readSettings,
	place: ({ namespace, context }) => (context === undefined ? namespace : `${context}/${namespace}`),
	server: (settings) => createHash("sha256").update(connect(settings).server).digest("hex").slice(0, 16),
	endpoint: (name, { namespace, existing }) =>
		`http://${existing?.services[0] ?? clientServiceName(name)}.${namespace}.svc:${existing?.httpPort ?? ports.http}`,
	releases: ({ image }, about) => imageReleases({ image }, about),
	artifact: async ({ image }, version, pin) => {
		const { reference, pullAlways } = await resolveImage(image, version, pin);
		return pullAlways
			? `${reference}, whose digest can't be read from this machine: each start pulls the image again`
			: reference;
	},
	importing: kubernetesImporting,
	control: (name, settings, pin) =>
		isAdopted(settings) ? adoptedControl(name, settings, pin) : kubernetesControl(name, settings, pin),
	obstacles,
	isForeign: isAdopted,
	takeover: async (spec) => {
		const { name, settings } = spec;
		if (isAdopted(settings))
			return takenOver(settings.existing, await inspect(new AdoptedCluster(name, settings), spec));
		return foundBy(new Cluster(name, settings), spec);
	},
};

/** A dry run of everything that would be created: finds a missing namespace, rights, quotas, policies. */
async function obstacles(spec: Omit<ClusterSpec<KubernetesSettings>, "generation">, pin?: Pin): Promise<Obstacle[]> {
	const { name, settings, version } = spec;
	const found: Obstacle[] = [];
	const attempt = collector(found);
	if (isAdopted(settings)) {
		await attempt("kubernetes", async () => {
			found.push(...(await inspect(new AdoptedCluster(name, settings), spec)).obstacles);
		});
		return found;
	}
	const shape = shapeOf(spec);
	const image = { reference: settings.image, version, pullAlways: true };
	await attempt("kubernetes", async () => {
		const cluster = new Cluster(name, settings, pin);
		await attempt("version", () => cluster.image(shape.settings, version));
		await attempt("kubernetes.passwordSecret", () => cluster.credentials(shape.settings));
		let isLost = false;
		await attempt("name", async () => {
			const { obstacles, ...what } = await mayBeMade(cluster, spec);
			found.push(...obstacles);
			({ isLost } = what);
		});
		// StatefulSets that are there keep what can't be changed.
		for (const object of isLost ? surroundings(shape) : wholeCluster(shape, image))
			await tryOut(cluster, found, object);
	});
	return found;
}
