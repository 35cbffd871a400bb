import { execFileSync } from "node:child_process";
import { appendFileSync, mkdtempSync, rmdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Space, send } from "../harness.ts";
import { firstReplica } from "./steps.mts";

const volumes = "/api/v1/persistentvolumes";

/** A small volume in this machine's memory, which is the node, for the first replica: what fills it fills nothing else. */
export class SmallVolume {
	readonly #folder = mkdtempSync(join(tmpdir(), "dbc-volume-"));
	readonly #filler = join(this.#folder, "filler");
	readonly #name: string;

	private constructor(private readonly space: Space) {
		this.#name = `${space.namespace}-${firstReplica}`;
	}

	/** To be called before the cluster is made, whose claim then finds it. */
	static async open(space: Space): Promise<SmallVolume> {
		const volume = new SmallVolume(space);
		const { namespace } = space;
		execFileSync("mount", ["-t", "tmpfs", "-o", "size=64m,mode=0777", "dbcluster-test", volume.#folder]);
		await send(space.api, "POST", volumes, {
			apiVersion: "v1",
			kind: "PersistentVolume",
			metadata: { name: volume.#name },
			spec: {
				accessModes: ["ReadWriteOnce"],
				capacity: { storage: "1Gi" },
				claimRef: { apiVersion: "v1", kind: "PersistentVolumeClaim", namespace, name: `data-${firstReplica}` },
				hostPath: { path: volume.#folder },
				persistentVolumeReclaimPolicy: "Retain",
			},
		});
		return volume;
	}

	fill(): void {
		try {
			for (let size = 1 << 20; ; ) appendFileSync(this.#filler, Buffer.alloc(size));
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
		}
	}

	free(): void {
		rmSync(this.#filler, { force: true });
	}

	async close(): Promise<void> {
		await send(this.space.api, "DELETE", `${volumes}/${this.#name}`, {});
		execFileSync("umount", ["--lazy", this.#folder]);
		rmdirSync(this.#folder);
	}
}
