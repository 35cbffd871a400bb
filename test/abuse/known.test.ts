import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test, vi } from "vitest";
import { plan } from "../../src/core/plan";
import { known } from "../../src/core/question";
import { decide } from "../../src/core/rules";
import { Api } from "../../src/platforms/kubernetes/api/api";
import { readCredentials } from "../../src/platforms/kubernetes/ask/server";
import { readConfigFile } from "../../src/platforms/kubernetes/render/config-files";
import { imported } from "../../src/pulumi/apply/imported";
import { check } from "../../src/pulumi/judge/check";
import { hiding } from "../../src/pulumi/native/hiding";
import { progressText } from "../../src/words/progress";
import { cluster, releases, v } from "../build";
import { FakeApi } from "../platforms/kubernetes/fake-api";
import { reasonsIn } from "../reasons";

// What was said wrong once, each with the sentence that is right.

/** Looks like an engine. */
const engine = mkdtempSync(join(tmpdir(), "dbcluster-engine-"));
for (const file of ["libchdb.so", "chdb_node.node"]) writeFileSync(join(engine, file), "");
afterAll(() => rmSync(engine, { recursive: true }));
const local = { version: "26.7.2.1", name: "analytics", owner: "p/s/a", local: { engines: { "26.7.2.1": engine } } };
const said = async (more: object) => reasonsIn((await check({}, { ...local, ...more })).failures);

beforeEach(() => void vi.spyOn(console, "log").mockImplementation(() => {}));

describe("a version", () => {
	test("that YAML took for a number is to be written in quotes", async () => {
		expect(await said({ version: 26.7 })).toEqual([
			'version: 26.7 is not a DB version, such as 1.8.0, or latest. Write the whole version as text, in quotes: version: "1.8.0".',
		]);
		expect(await said({ versions: { list: [{ version: "26.7.2.1", engine: 23.3 }] } })).toEqual([
			'versions.list[0].engine: 23.3 is not a ClickHouse version, such as "23.3". It must be text: put it in quotes.',
		]);
	});

	test("that is not to be had is refused once, with one way out", async () => {
		expect(await said({ version: "99.1.1.1" })).toEqual([
			"version: no engine of version 99.1.1.1 is known (known versions: 26.7.2.1). Set version to one of these, or add the package or folder of 99.1.1.1 to local.engines.",
		]);
		expect(await said({ version: "99.1.1.1", versions: { list: [{ version: "26.7.2.1" }] } })).toEqual([
			expect.stringMatching(
				/^version: 99\.1\.1\.1 is not a known version; the newest that can be set is 26\.7\.2\.1\. /,
			),
		]);
	});

	test("where no engine is installed, what to install is said", async () => {
		const none = await said({ version: "latest", local: { engines: {} } });
		expect(none).toEqual([
			expect.stringContaining("no ClickHouse engine is installed. Run npm install chdb in the program's folder"),
		]);
	});

	test("that goes back is refused for that alone, whatever else is wrong with it", () => {
		const blocked = [...releases("1.8.0 1.9.0"), { version: v("1.7.1"), blocked: "bad" }];
		for (const catalogue of [releases("1.8.0 1.9.0"), blocked]) {
			const question = {
				cluster: known(cluster("1.8.0 1.8.0")),
				catalogue: known(catalogue),
				policy: "latest",
			} as const;
			expect(decide({ ...question, target: "1.7.1" }).map(({ rule }) => rule)).toEqual(["no-downgrade"]);
		}
	});
});

test("a catalogue of thousands of versions is judged at once", () => {
	const many = Array.from({ length: 20_000 }, (_, index) => ({ version: v(`1.${index}.0`) }));
	const question = { cluster: known(cluster("1.5.0 1.5.0")), catalogue: known(many), policy: "latest" } as const;
	for (const target of ["1.6.0", "1.4.0", "9.9.9"]) expect(decide({ ...question, target })).toHaveLength(1);
});

test("what goes on at the version that runs is not headed as an update", () => {
	const mark = { from: v("1.8.0"), to: v("1.8.0"), since: "2026-11-28T10:00:00Z" };
	const { replicas, ...rest } = cluster("1.8.0 1.8.0");
	const broken = replicas.map((replica) => ({ ...replica, serving: false, openedBy: undefined, version: v("1.8.0") }));
	expect(plan({ ...rest, replicas: broken, mark }, v("1.8.0")).transition).not.toContain("->");
	expect(progressText({ event: "began", transition: "settings at 1.8.0", steps: 0, resumes: false })).toBe(
		"updating settings at 1.8.0: no replica has to restart",
	);
	expect(progressText({ event: "began", transition: "creation at 1.8.0", steps: 0, resumes: true })).toBe(
		"resuming creation at 1.8.0: no replica is left to restart",
	);
});

describe("an id of pulumi import", () => {
	const refusal = (id: string) =>
		imported(id, "p/s/a").then(
			() => "it was imported",
			(error: Error) => error.message,
		);

	test("may end with a slash", async () => {
		expect(await refusal("local:/nowhere/at/all/")).toBe(await refusal("local:/nowhere/at/all"));
	});

	test("of which too much was read as a context is shown as it was read", async () => {
		vi.stubEnv("KUBECONFIG", "/nowhere/kubeconfig");
		expect(await refusal("kubernetes:a/b/c/d")).toMatch(
			/^the kubeconfig .* can't be read \(ENOENT\)\. The id was read as the context a\/b, the namespace c and the cluster d: an id is kubernetes:NAMESPACE\/NAME, /,
		);
		vi.unstubAllEnvs();
	});
});

test("what could not be read is said first, and then what follows from it", async () => {
	vi.stubEnv("KUBECONFIG", "/nowhere/kubeconfig");
	const kubernetes = { namespace: "db", image: "127.0.0.1:1/db", passwordSecret: { name: "p" } };
	const { local: _, ...own } = local;
	expect(reasonsIn((await check({}, { ...own, kubernetes })).failures)).toEqual([
		"kubernetes: the kubeconfig /nowhere/kubeconfig can't be read (ENOENT). So it is unknown whether the cluster exists already, and nothing is created. Fix this, then preview again.",
	]);
	const encoded = Buffer.from("apiVersion: v1\ntoken: hunter2\n".repeat(20)).toString("base64");
	const [refused = ""] = reasonsIn(
		(await check({}, { ...own, kubernetes: { ...kubernetes, kubeconfig: encoded } })).failures,
	);
	expect(refused).toMatch(/^kubernetes: the kubeconfig can't be read \(/);
	expect(refused).not.toContain(encoded.slice(0, 40));
	vi.unstubAllEnvs();
});

describe("files of kubernetes.config", () => {
	test("of aliases of aliases, or nested without end, are refused", () => {
		const level = (name: string, of: string) => `${name}: &${name} [${Array(10).fill(of).join(",")}]`;
		const bomb = ["a: &a 1", ...[..."bcdefghij"].map((name, index) => level(name, `*${"abcdefghij"[index]}`))].join(
			"\n",
		);
		expect(readConfigFile("a.yaml", bomb)).toEqual({
			broken: "it holds too many values after its aliases are expanded",
		});
		for (const deep of [`a: ${"[".repeat(300)}${"]".repeat(300)}`, "a: &a\n  b: *a"])
			expect(readConfigFile("a.yaml", deep).broken).toMatch(/nest/);
	});
});

describe("a password", () => {
	const api = new Api(new FakeApi("db"), "db");
	const read = async (password: string) => {
		const data = { password: Buffer.from(password).toString("base64") };
		(api.connection as FakeApi).put("secrets", { metadata: { name: "p" }, data });
		return readCredentials(api, { user: "app", passwordSecret: { name: "p", key: "password" } });
	};

	test("of any letters is sent as the bytes that servers compare", async () => {
		const { password = "" } = (await read("пароль-ü")) ?? {};
		expect(Buffer.from(password, "latin1").toString("utf8")).toBe("пароль-ü");
	});

	test("that no header can hold is refused by its Secret, and not repeated", async () => {
		const error = await read("hunter2\n").catch((it: Error) => it.message);
		expect(error).toMatch(/^the key 'password' of the Secret p holds a line break or another control character/);
		expect(error).not.toContain("hunter2");
	});
});

test("a text of the native face holds no secret, in whatever form it is quoted", () => {
	const value = { version: "hunter2-\u001b[31m", labels: { team: "hunter3" } };
	const hide = hiding(() => [{ value, secrets: [["version"], ["labels"]] }]);
	expect(hide('"hunter2-\\u001b[31m" is not a DB version.')).toBe("[secret] is not a DB version.");
	expect(hide("hunter2- [31m")).toBe("[secret]");
	expect(hide("hunter3 and 77 things")).toBe("[secret] and 77 things");
});
