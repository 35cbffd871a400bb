import { posix } from "node:path";
import type { PodTemplate, StatefulSet, Volume } from "../api/types";
import { serverIn } from "../render/names";

export interface DataPlace {
	readonly path: string;
	/** As text: `the volume claim data-db-0-1`, `the emptyDir volume data`. */
	readonly on: string;
	/** Its content is lost with the pod. */
	readonly endsWithPod: boolean;
}

/** Volumes that live as long as the pod, and those that show API objects. */
const endWithPod = [
	"emptyDir",
	"ephemeral",
	// Inline in a pod it is always ephemeral; a persistent one is behind a claim.
	"csi",
	"configMap",
	"secret",
	"downwardAPI",
	"projected",
	"image",
	"gitRepo",
];

/** The subfolders of a server's folder that hold tables; mounts elsewhere, such as schemas, are no data. */
const ofTables = ["data", "store", "metadata"];

/**
 * Where a server's data is, by the mounts of its container: the folders that it names, and what is mounted over their
 * subfolders that hold tables. Symbolic links can't be followed from here.
 */
export function dataPlaces(
	of: PodTemplate,
	paths: readonly string[],
	claims: StatefulSet["spec"]["volumeClaimTemplates"] = [],
): DataPlace[] {
	const container = serverIn(of);
	if (container === undefined) return [];
	const mounts = (container.volumeMounts ?? []).map((mount) => ({ ...mount, folder: folderOf(mount.mountPath) }));
	const volumes: readonly Volume[] = [
		...claims.map(({ metadata }) => ({ name: metadata.name, persistentVolumeClaim: { claimName: metadata.name } })),
		...(of.spec.volumes ?? []),
	];
	const found = new Map<string, DataPlace>();
	for (const path of paths.filter(posix.isAbsolute)) {
		const folder = folderOf(path);
		const [over] = mounts
			.filter((mount) => isWithin(folder, mount.folder))
			.sort((a, b) => b.folder.length - a.folder.length);
		const below = mounts.filter((mount) => ofTables.some((each) => isWithin(mount.folder, `${folder}${each}/`)));
		for (const [at, mount] of [[folder, over] as const, ...below.map((each) => [each.folder, each] as const)])
			found.set(at, { path: at, ...kindOf(volumes.find((volume) => volume.name === mount?.name)) });
	}
	return [...found.values()];
}

/** Why a server's data is lost with its pod, as a clause; `undefined` if it is not. */
export function volatile(places: readonly DataPlace[]): string | undefined {
	const [first] = places.filter(({ endsWithPod }) => endsWithPod);
	return first && `${first.path} is on ${first.on}`;
}

const folderOf = (path: string) => posix.normalize(`${path}/`);
const isWithin = (folder: string, other: string) => folder.startsWith(other);

function kindOf(volume: Volume | undefined): Omit<DataPlace, "path"> {
	if (volume === undefined) return { on: "no volume but in the container's own file system", endsWithPod: true };
	const { name, persistentVolumeClaim: claim, ...others } = volume;
	if (claim !== undefined) return { on: `the volume claim ${claim.claimName}`, endsWithPod: false };
	const [kind = "emptyDir"] = Object.keys(others);
	return { on: `the ${kind} volume ${name}`, endsWithPod: endWithPod.includes(kind) };
}
