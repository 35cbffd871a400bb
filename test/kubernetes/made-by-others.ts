import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { vi } from "vitest";
import type { DbVersion } from "../../src/core/version";
import { kubernetesPlatform } from "../../src/platforms/kubernetes";
import type { Pod, Service, StatefulSet } from "../../src/platforms/kubernetes/api/types";
import { isReady } from "../../src/platforms/kubernetes/ask/diagnose";
import {
	type AdoptedSettings,
	isAdopted,
	type KubernetesSettings,
	readSettings,
} from "../../src/platforms/kubernetes/render/settings-schema";
import { environment, type Space } from "./harness";

const minute = 60_000;

/** Runs the kubectl of PATH as an administrator, in the space's namespace. */
export function kubectl(space: Space, args: readonly string[], input = ""): Promise<string> {
	return new Promise((resolve, reject) => {
		const env = { ...process.env, KUBECONFIG: environment.kubeconfig };
		const child = execFile("kubectl", ["--namespace", space.namespace, ...args], { env }, (error, stdout, stderr) =>
			error ? reject(new Error(`kubectl ${args.join(" ")}: ${stderr || error.message}`)) : resolve(stdout),
		);
		child.stdin?.end(input);
	});
}

/** examples/adopt/plain.yaml, with the image, the Keeper and the NodePorts of the tests. */
export function manifest(): string {
	const [host = "", port = ""] = environment.keeper.split(":");
	return readFileSync(join(__dirname, "../../examples/adopt/plain.yaml"), "utf8")
		.replaceAll("myscale/myscaledb:", `${environment.image}:`)
		.replaceAll("<host>zookeeper</host>", `<host>${host}</host>`)
		.replaceAll("<port>2181</port>", `<port>${port}</port>`)
		.replaceAll(/(<\/?)clickhouse>/g, `$1${environment.configRoot}>`)
		.replaceAll("type: ClusterIP", "type: NodePort");
}

/** Applies the manifest as its author would, and waits until its pods are ready. */
export async function deploy(space: Space, pods: readonly string[], edited = (text: string) => text): Promise<void> {
	await kubectl(space, ["apply", "--filename", "-"], edited(manifest()));
	await untilServing(space, pods);
}

/** Waits until pods are ready and their servers answer. */
export async function untilServing(space: Space, pods: readonly string[]): Promise<void> {
	await untilReady(space, pods);
	for (const pod of pods) await vi.waitFor(() => space.queryPod(pod, "SELECT 1"), { timeout: minute, interval: 200 });
}

export async function untilReady(space: Space, pods: readonly string[]): Promise<void> {
	await vi.waitFor(
		async () => {
			for (const name of pods) {
				const pod = await space.api.get<Pod>("pods", name);
				if (pod === undefined || !isReady(pod)) throw new Error(`${name} is not ready`);
			}
		},
		{ timeout: 2 * minute, interval: 200 },
	);
}

/** The settings with which StatefulSets of others are taken over, as a user would write them. */
export function existing(space: Space, its: Readonly<Record<string, unknown>>): Record<string, unknown> {
	const { namespace, image, kubeconfig, user, passwordSecret } = space.given();
	return { namespace, image, kubeconfig, user, passwordSecret, existing: its };
}

/** The same, read. */
export function settingsFor(space: Space, its: Readonly<Record<string, unknown>>): AdoptedSettings {
	const read = readSettings(existing(space, its));
	if ("problems" in read || !isAdopted(read.settings)) throw new Error(JSON.stringify(read));
	return read.settings;
}

/** What a preview finds against taking it over. */
export function obstacles(
	settings: KubernetesSettings,
	version: DbVersion,
	shards: number,
	replicas = 2,
	localTables?: string[],
) {
	const spec = { name: "db", owner: "project/stack/db", version, shards, replicas, settings, localTables };
	return kubernetesPlatform.obstacles(spec);
}

/** Of each pod: its uid, how often its containers were started again, and the uid of its volume's claim. */
export async function running(space: Space, pods: readonly string[], volume: string) {
	const all = await space.api.list<Pod>("pods", {});
	const claims = await space.api.list<Pod>("persistentvolumeclaims", {});
	return pods.map((name) => {
		const pod = all.find(({ metadata }) => metadata.name === name);
		return {
			name,
			uid: pod?.metadata.uid,
			restarts: pod?.status?.containerStatuses?.map(({ restartCount }) => restartCount),
			volume: claims.find(({ metadata }) => metadata.name === `${volume}-${name}`)?.metadata.uid,
		};
	});
}

export const serviceOf = async (space: Space, name: string) => space.api.get<Service>("services", name);
export const setOf = async (space: Space, name: string) => space.api.get<StatefulSet>("statefulsets", name);
