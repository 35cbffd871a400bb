import { vi } from "vitest";
import type { Pod } from "../../src/platforms/kubernetes/api/types";
import { environment, type Space, send, versions } from "./harness";

const name = "keeper";
const port = 2181;

/** A way to Keeper that can be cut: a pod of the space that hands each connection on. */
export class KeeperProxy {
	constructor(private readonly space: Space) {}

	/** For the cluster's settings. */
	get address(): string {
		return `${name}.${this.space.namespace}.svc:${port}`;
	}

	/** Opens the way, the first time or again. */
	async open(): Promise<void> {
		const { api, namespace } = this.space;
		const labels = { app: name };
		const service = { selector: labels, ports: [{ port }] };
		const [, host, keeperPort = String(port)] = /^(.*?)(?::(\d+))?$/.exec(environment.keeper) ?? [];
		const busybox = "/bin/busybox";
		const pod = {
			// A copy that hands on what one connection brings, for each connection.
			containers: [
				{
					name,
					image: `${environment.image}:${versions.v1}`,
					command: [busybox, "nc", "-ll", "-p", String(port), "-e", busybox, "nc", host, keeperPort],
					securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
				},
			],
			securityContext: { runAsNonRoot: true, runAsUser: 101, seccompProfile: { type: "RuntimeDefault" } },
			automountServiceAccountToken: false,
		};
		const root = `/api/v1/namespaces/${namespace}`;
		await send(api, "POST", `${root}/services`, {
			apiVersion: "v1",
			kind: "Service",
			metadata: { name },
			spec: service,
		});
		await send(api, "POST", `${root}/pods`, { apiVersion: "v1", kind: "Pod", metadata: { name, labels }, spec: pod });
		await vi.waitFor(
			async () => {
				const found = await api.get<Pod>("pods", name);
				if (found?.status?.phase !== "Running") throw new Error(`the pod ${name} is ${found?.status?.phase}`);
			},
			{ timeout: 60_000, interval: 100 },
		);
	}

	/** Ends every connection and lets no new one through. */
	async cut(): Promise<void> {
		await this.space.kill(name);
	}
}
