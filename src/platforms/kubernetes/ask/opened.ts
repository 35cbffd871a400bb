import { compareVersions, type DbVersion, highest } from "../../../core/version";
import type { ContainerStatus, Pod, PodTemplate } from "../api/types";
import { annotation, containerOf, serverIn } from "../render/names";
import { versionOfImage } from "./images";
import type { Opening, Stored } from "./record";

/** The version of a pod or a template: by its image's tag, else by the annotation about that very image. */
export function versionOf(image: string, of: PodTemplate): DbVersion | undefined {
	const reference = serverIn(of)?.image;
	if (reference === undefined) return undefined;
	const noted = of.metadata?.annotations;
	return (
		versionOfImage(image, reference) ??
		(isSame(noted?.[annotation.image], reference) ? (noted?.[annotation.version] as DbVersion | undefined) : undefined)
	);
}

/** Also by digest: webhooks redirect pods to a mirror, or drop the tag. */
function isSame(noted: string | undefined, reference: string): boolean {
	const digest = digestIn(reference);
	return noted === reference || (digest !== undefined && noted?.endsWith(`@${digest}`) === true);
}

const digestIn = (reference: string | undefined) => /@(sha256:[0-9a-f]{64})$/.exec(reference ?? "")?.[1];

/** The digest of a pod's or a template's image; `undefined` where it asks for a tag alone. */
export const imageDigest = (of: PodTemplate) => digestIn(serverIn(of)?.image);

export function serverStatus(pod: Pod): ContainerStatus | undefined {
	const container = containerOf(pod);
	return pod.status?.containerStatuses?.find(({ name }) => name === container);
}

/**
 * Whether the server's container ever ran in this pod. Without an imageID it never did, whatever its status says: for a
 * pod that is deleted before it starts, the kubelet reports an ended container.
 */
export function everStarted(pod: Pod): boolean {
	return Boolean(serverStatus(pod)?.imageID);
}

/**
 * The highest version that opened a replica's data, as far as known. A restart that was begun counts as having opened
 * it, except on proof to the contrary: the former pod still exists, or the new one never started.
 */
export function openedBy(stored: Stored | undefined, replica: string, pod: Pod | undefined, image: string) {
	const runs = pod && everStarted(pod) ? versionOf(image, pod) : undefined;
	const opening = stored?.opening[replica];
	const opened = opening !== undefined && !provenUnopened(opening, pod, image) ? opening.version : undefined;
	return highest([stored?.openedBy[replica], runs, opened].filter((version) => version !== undefined));
}

function provenUnopened({ version, uid }: Opening, pod: Pod | undefined, image: string): boolean {
	if (pod === undefined) return false;
	const its = versionOf(image, pod);
	const former = uid !== undefined && pod.metadata.uid === uid;
	if (everStarted(pod)) return former && its !== undefined && compareVersions(its, version) < 0;
	return former || (its !== undefined && compareVersions(its, version) === 0);
}

/** Records what the pods show, because they are the only evidence and are about to be replaced. */
export function settle(stored: Stored, pods: readonly Pod[], image: string): Stored {
	const opened: Record<string, DbVersion> = { ...stored.openedBy };
	const opening: Record<string, Opening> = { ...stored.opening };
	for (const pod of pods) {
		const { name } = pod.metadata;
		const version = everStarted(pod) ? versionOf(image, pod) : undefined;
		if (version === undefined || !below(opened[name], version)) continue;
		opened[name] = version;
	}
	for (const [name, begun] of Object.entries(opening)) if (!below(opened[name], begun.version)) delete opening[name];
	return changed(stored, { ...stored, openedBy: opened, opening });
}

/** Records that these replicas are about to be started with a version; keeps earlier records that may be true. */
export function noteOpening(
	stored: Stored,
	version: DbVersion,
	replicas: readonly { readonly replica: string; readonly pod?: Pod }[],
	image: string,
): Stored {
	const opened: Record<string, DbVersion> = { ...stored.openedBy };
	const opening: Record<string, Opening> = { ...stored.opening };
	for (const { replica, pod } of replicas) {
		const already = openedBy(stored, replica, pod, image);
		if (already !== undefined) opened[replica] = already;
		if (!below(already, version)) {
			delete opening[replica];
			continue;
		}
		opening[replica] = { version, ...(pod && { uid: pod.metadata.uid }) };
	}
	return changed(stored, { ...stored, openedBy: opened, opening });
}

const below = (version: DbVersion | undefined, other: DbVersion) =>
	version === undefined || compareVersions(version, other) < 0;

const changed = (from: Stored, to: Stored) => (JSON.stringify(from) === JSON.stringify(to) ? from : to);
