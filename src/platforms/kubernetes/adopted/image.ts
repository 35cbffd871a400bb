import type { Obstacle } from "../../../control/port";
import { type DbVersion, sameVersion } from "../../../core/version";
import { repositoryOf } from "../../../remote/reference";
import { tagWithDigest } from "../../../remote/same-image";
import { spellingOf } from "../../../remote/spelling";
import { allTags } from "../../../remote/tag-versions";
import type { Pod, StatefulSet } from "../api/types";
import { isImageOf } from "../ask/images";
import { serverStatus, versionOf } from "../ask/opened";
import { kept } from "../render/shape";
import type { AdoptedCluster } from "./cluster";
import { asTakenOver, serverImageOf } from "./template";

/**
 * Why a pod's image can't be taken over: it must be the StatefulSet's, if by another name, because a webhook may redirect
 * pods to a mirror; and of a version that the StatefulSet's tag names.
 */
export async function imageProblem(
	cluster: AdoptedCluster,
	version: DbVersion,
	pod: Pod,
	set: StatefulSet,
): Promise<Obstacle | undefined> {
	const { existing, given } = cluster;
	const { name, labels } = pod.metadata;
	const { template } = set.spec;
	const reference = serverImageOf(template, existing);
	const ofTemplate = versionOf(given.image, asTakenOver(template, existing));
	const ofPod = versionOf(given.image, asTakenOver(pod, existing));
	const revision = isObserved(set) ? set.status?.updateRevision : undefined;
	const isFromTemplate = revision !== undefined && labels?.["controller-revision-hash"] === revision;
	// A tag counts even then, because the image of a pod can be changed in place.
	const isRewritten = ofPod === undefined ? isFromTemplate : sameVersion(ofPod, ofTemplate);
	if (serverImageOf(pod, existing) !== reference && !isRewritten)
		return {
			property: "kubernetes.existing.statefulSets",
			reason: `${name} runs ${serverImageOf(pod, existing)}, and its StatefulSet has ${reference}. Complete that rollout first, or set the image back.`,
		};
	const runs = ofPod ?? ofTemplate;
	if (runs === undefined || !isImageOf(given.image, reference))
		return {
			property: "kubernetes.image",
			reason: `${name} runs ${reference}, which names no version of ${given.image}. ${await wayOut(cluster, pod, reference)}`,
		};
	if (!sameVersion(runs, version))
		return {
			property: "version",
			reason: `${name} runs ${runs}. Set version to ${runs}: a takeover restarts nothing. Update in the next step.`,
		};
	return undefined;
}

/** Whether the controller has seen a StatefulSet as it is now. */
export const isObserved = ({ metadata, status }: StatefulSet) =>
	(status?.observedGeneration ?? 0) >= (metadata.generation ?? 0);

/** A tag that contains a version is spelled otherwise; for others the registry is asked for a tag of the same image. */
async function wayOut(cluster: AdoptedCluster, pod: Pod, reference: string): Promise<string> {
	const { existing, given, api } = cluster;
	const [named = "", its] = reference.split("@");
	const repository = repositoryOf(named);
	const tag = named.slice(repository.length + 1);
	const spelt = spellingOf(named, tag);
	if (spelt !== undefined) return `Set image to ${spelt.image}.`;
	const digest = its ?? serverStatus(asTakenOver(pod, existing))?.imageID?.split("@")[1];
	const hints = [tag, await serverVersion(cluster, pod)].filter((hint) => hint !== "");
	const tags = digest === undefined ? [] : await allTags(given.image).catch(() => []);
	const same = digest === undefined ? undefined : await tagWithDigest(given.image, tags, digest, hints);
	const set = pod.metadata.name.replace(/-\d+$/, "");
	if (same === undefined)
		return repository === repositoryOf(given.image)
			? `In the StatefulSet ${set}, set an image of ${repository} whose tag contains the whole version, and wait until its pods have restarted.`
			: `Set image to ${repository}. If the tags of that repository contain more than the version, set image to such a tag, with {version} in place of the version.`;
	const exact = `${repositoryOf(given.image)}:${same.tag}`;
	const first = isImageOf(given.image, exact) ? "" : `Set image to ${same.image}. `;
	return `It is the same image as ${exact}. ${first}Set ${exact} in the StatefulSet ${set}, and wait until its pods have restarted: kubectl --namespace ${api.namespace} set image statefulset/${set} ${existing.container}=${exact}`;
}

/** A ClickHouse server's version is mostly its tag; empty if it can't be asked. */
async function serverVersion(cluster: AdoptedCluster, pod: Pod): Promise<string> {
	try {
		const server = await cluster.server(pod, kept(cluster.given));
		const [row] = await server.rows("SELECT version() AS version");
		return String(row?.version ?? "");
	} catch {
		return "";
	}
}
