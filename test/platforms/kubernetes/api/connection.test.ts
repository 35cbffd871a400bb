import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, describe, expect, it, vi } from "vitest";
import { PlatformError } from "../../../../src/control/errors";
import { kubernetesPlatform } from "../../../../src/platforms/kubernetes";
import { connect } from "../../../../src/platforms/kubernetes/api/connection";
import { TimedOut } from "../../../../src/platforms/kubernetes/api/errors";
import type { KubeconfigSettings } from "../../../../src/platforms/kubernetes/api/kubeconfig";
import type { KubernetesSettings } from "../../../../src/platforms/kubernetes/render/settings-schema";

const folder = mkdtempSync(join(tmpdir(), "dbcluster-kubeconfig-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const config = (cluster: object) =>
	JSON.stringify({
		apiVersion: "v1",
		kind: "Config",
		clusters: [{ name: "c", cluster }],
		users: [{ name: "u", user: { token: "a-secret-token" } }],
		contexts: [
			{ name: "prod", context: { cluster: "c", user: "u" } },
			{ name: "dev", context: { cluster: "c", user: "u" } },
		],
		"current-context": "prod",
	});
const good = config({ server: "https://127.0.0.1:1" });

function refusal(settings: KubeconfigSettings): string {
	try {
		connect(settings);
		return "";
	} catch (error) {
		expect(error).toBeInstanceOf(PlatformError);
		expect((error as Error).message).not.toContain("a-secret-token");
		return (error as Error).message;
	}
}

// The client is a large package: on a busy machine it takes its time to load.
describe("the way to an API server", { timeout: 60_000 }, () => {
	it("is a kubeconfig by content or by path, in the context that is named", () => {
		const path = join(folder, "config");
		writeFileSync(path, good);
		for (const kubeconfig of [good, path]) {
			expect(connect({ kubeconfig }).server).toBe("https://127.0.0.1:1");
			expect(connect({ kubeconfig, context: "dev" }).server).toBe("https://127.0.0.1:1");
		}
	});

	it.each<[string, KubeconfigSettings, string]>([
		["no such file", { kubeconfig: join(folder, "none") }, "none can't be read (ENOENT)"],
		["no kubeconfig", { kubeconfig: "{ a-secret-token" }, "the kubeconfig can't be read: it is not a kubeconfig"],
		["no such context", { kubeconfig: good, context: "test" }, "no context 'test'; it has prod, dev"],
		[
			"unverified TLS",
			{ kubeconfig: config({ server: "https://a", "insecure-skip-tls-verify": true }) },
			"certificate-authority",
		],
		[
			"no TLS",
			{ kubeconfig: config({ server: "http://a:8080" }) },
			"without https, so the API server can't be verified",
		],
	])("is refused with its reason: %s", (_, settings, reason) => {
		expect(refusal(settings)).toContain(reason);
	});

	it("is said to be missing where nothing names one, and by its path where that leads nowhere", () => {
		try {
			vi.stubEnv("HOME", folder);
			for (const none of [undefined, ""]) {
				vi.stubEnv("KUBECONFIG", none);
				expect(refusal({})).toBe(
					"there is no kubeconfig: set kubernetes.kubeconfig or KUBECONFIG, or create ~/.kube/config",
				);
			}
			vi.stubEnv("KUBECONFIG", join(folder, "none"));
			expect(refusal({})).toBe(`the kubeconfig ${join(folder, "none")} can't be read (ENOENT)`);
		} finally {
			vi.unstubAllEnvs();
		}
	});

	describe("with several files in KUBECONFIG, as kubectl merges them", () => {
		const file = (name: string, content: string) => {
			const path = join(folder, name);
			writeFileSync(path, content);
			return path;
		};
		const at = (port: number, extra: object = {}) =>
			JSON.stringify({ ...JSON.parse(config({ server: `https://127.0.0.1:${port}` })), ...extra });
		const server = (paths: readonly string[], context?: string) => {
			vi.stubEnv("KUBECONFIG", paths.join(delimiter));
			try {
				return connect(context === undefined ? {} : { context }).server;
			} finally {
				vi.unstubAllEnvs();
			}
		};
		const one = file("one", at(1));
		const two = file("two", at(2, { "current-context": "dev" }));
		const contexts = file("contexts", JSON.stringify({ "current-context": "prod" }));
		const other = file("other", at(3).replaceAll('"c"', '"d"').replaceAll('"prod"', '"eu"').replaceAll('"u"', '"v"'));
		const empty = file("empty", "\n");
		const missing = join(folder, "missing");

		it.each<[string, string[], string | undefined, string]>([
			["the first of two that name the same", [one, two], undefined, "https://127.0.0.1:1"],
			["a context of the second", [one, other], "eu", "https://127.0.0.1:3"],
			["the first current context, of clusters in another file", [contexts, two], undefined, "https://127.0.0.1:2"],
			["what is there beside a missing file", [missing, two], undefined, "https://127.0.0.1:2"],
			["what is there beside an empty file and an empty name", [empty, "", one], undefined, "https://127.0.0.1:1"],
			["a file that is named twice", [one, one], undefined, "https://127.0.0.1:1"],
		])("takes %s", (_, paths, context, expected) => expect(server(paths, context)).toBe(expected));

		it("names the file that can't be read", () => {
			const broken = file("broken", "{ a-secret-token");
			expect(() => server([one, broken])).toThrow(`the kubeconfig ${broken} can't be read: it is not a kubeconfig`);
			expect(() => server([missing, `${missing}2`])).toThrow(`${missing}, ${missing}2 can't be read (ENOENT)`);
		});
	});

	it("that leads nowhere is an error that names the address", async () => {
		const call = { method: "GET", path: "/api" } as const;
		const error: unknown = await connect({ kubeconfig: good })
			.send(call)
			.catch((reason: unknown) => reason);
		expect(error).toBeInstanceOf(PlatformError);
		expect((error as Error).message).toContain("https://127.0.0.1:1 can't be reached");
		expect((error as Error).message).not.toContain("a-secret-token");
	});

	it("tells that there was no answer in time from all else", async () => {
		const silent = createServer().listen(0, "127.0.0.1");
		await once(silent, "listening");
		const { port } = silent.address() as AddressInfo;
		const connection = connect({ kubeconfig: config({ server: `https://127.0.0.1:${port}` }) });
		const call = { method: "GET", path: "/api", retry: false } as const;
		await expect(connection.send({ ...call, timeout: 100 })).rejects.toThrow(TimedOut);
		await expect(connect({ kubeconfig: good }).send(call)).rejects.not.toThrow(TimedOut);
		silent.close();
	});

	it("remembers when the server was away, but not that a pod could not be asked through it", async () => {
		const connection = connect({ kubeconfig: good });
		const call = { method: "GET", path: "/api" } as const;
		await expect(connection.send({ ...call, retry: false })).rejects.toThrow(PlatformError);
		expect(connection.awayAt()).toBeUndefined();
		const before = Date.now();
		await expect(connection.send(call)).rejects.toThrow(PlatformError);
		expect(connection.awayAt()).toBeGreaterThanOrEqual(before);
	});

	it("is told apart by its address alone, of which nothing is shown", () => {
		const server = (settings: KubeconfigSettings) => kubernetesPlatform.server?.(settings as KubernetesSettings);
		const one = server({ kubeconfig: good });
		expect(one).toMatch(/^[0-9a-f]{16}$/);
		expect(server({ kubeconfig: good.replaceAll("a-secret-token", "another"), context: "dev" })).toBe(one);
		expect(server({ kubeconfig: config({ server: "https://127.0.0.1:2" }) })).not.toBe(one);
	});
});
