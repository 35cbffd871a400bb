import { type ChildProcess, spawn } from "node:child_process";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { createWriteStream, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "../../dist/platforms/kubernetes/api/connection.js";
import { controlPlane } from "../cli/kubernetes.mts";
import { Explained } from "../cli/program.mts";
import { freePort } from "../port.mts";
import { until } from "../processes.mts";

/** A real API server of a version of Kubernetes with etcd and the controllers, on 127.0.0.1, without a node: no pod runs. */
export class ApiServer {
	readonly folder = mkdtempSync(join(tmpdir(), "dbcluster-api-"));
	/** The file of an administrator's kubeconfig. */
	readonly kubeconfig = join(this.folder, "kubeconfig");
	readonly #children: ChildProcess[] = [];

	/** @throws Explained if a program is missing or ends. */
	static async start(version: string): Promise<ApiServer> {
		const programs = await controlPlane(version);
		const server = new ApiServer();
		try {
			await server.#start(programs);
			return server;
		} catch (error) {
			await server.stop();
			throw error;
		}
	}

	async #start(programs: Awaited<ReturnType<typeof controlPlane>>): Promise<void> {
		const [client, peer, port, metrics] = await Promise.all([freePort(), freePort(), freePort(), freePort()]);
		const etcd = `http://127.0.0.1:${client}`;
		const [key, tokens, certificates] = ["sa.key", "tokens", "pki"].map((name) => join(this.folder, name)) as [
			string,
			string,
			string,
		];
		const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
		writeFileSync(key, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
		const token = randomBytes(16).toString("hex");
		writeFileSync(tokens, `${token},admin,admin,system:masters\n`, { mode: 0o600 });
		mkdirSync(certificates);

		this.#run("etcd", [
			`--data-dir=${join(this.folder, "etcd")}`,
			`--listen-client-urls=${etcd}`,
			`--advertise-client-urls=${etcd}`,
			`--listen-peer-urls=http://127.0.0.1:${peer}`,
		]);
		this.#run(join(programs["kube-apiserver"], "kube-apiserver"), [
			`--etcd-servers=${etcd}`,
			"--bind-address=127.0.0.1",
			`--secure-port=${port}`,
			`--cert-dir=${certificates}`,
			"--service-cluster-ip-range=10.96.0.0/16",
			"--authorization-mode=RBAC",
			`--token-auth-file=${tokens}`,
			"--service-account-issuer=https://kubernetes.default.svc",
			`--service-account-key-file=${key}`,
			`--service-account-signing-key-file=${key}`,
		]);
		const authority = join(certificates, "apiserver.crt");
		const written = () => this.#alive() && readFileSync(authority).toString("base64");
		const config = {
			apiVersion: "v1",
			kind: "Config",
			clusters: [
				{
					name: "local",
					cluster: { server: `https://127.0.0.1:${port}`, "certificate-authority-data": await until(written) },
				},
			],
			users: [{ name: "admin", user: { token } }],
			contexts: [{ name: "local", context: { cluster: "local", user: "admin" } }],
			"current-context": "local",
		};
		writeFileSync(this.kubeconfig, JSON.stringify(config), { mode: 0o600 });
		const connection = connect({ kubeconfig: readFileSync(this.kubeconfig, "utf8") });
		await until(
			async () => this.#alive() && (await connection.send({ method: "GET", path: "/readyz" })).status === 200,
		);
		this.#run(join(programs["kube-controller-manager"], "kube-controller-manager"), [
			`--kubeconfig=${this.kubeconfig}`,
			`--service-account-private-key-file=${key}`,
			"--leader-elect=false",
			"--bind-address=127.0.0.1",
			`--secure-port=${metrics}`,
			`--cert-dir=${certificates}`,
		]);
	}

	#run(program: string, args: readonly string[]): void {
		const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
		const log = createWriteStream(join(this.folder, "log"), { flags: "a" });
		child.stdout.pipe(log);
		child.stderr.pipe(log);
		child.on("error", () => {});
		this.#children.push(child);
	}

	/** @throws Explained once one of the programs has ended. */
	#alive(): boolean {
		const ended = this.#children.find((child) => child.pid === undefined || child.exitCode !== null);
		if (ended === undefined) return true;
		const last = readFileSync(join(this.folder, "log"), "utf8").trimEnd().split("\n").slice(-5).join("\n");
		throw new Explained(`${ended.spawnfile} does not run:\n${last}`);
	}

	async stop(): Promise<void> {
		for (const child of this.#children.toReversed()) {
			if (child.pid === undefined || child.exitCode !== null) continue;
			const ended = new Promise((resolve) => child.once("exit", resolve));
			child.kill("SIGKILL");
			await ended;
		}
		rmSync(this.folder, { recursive: true, force: true });
	}
}
