import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { recordedStatus, settingsOf, troubled } from "../../src/cli/look";
import { clustersIn, hasSecrets, revealed } from "../../src/cli/state";
import { exitStatus, listing } from "../../src/cli/status";
import { cli } from "./run";

const type = "pulumi-nodejs:dynamic/dbcluster:DbCluster";
const secret = (more: object) => ({ "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", ...more });

function resource(name: string, outputs: object, more: object = {}) {
	const id = `kubernetes:db/${name}`;
	return { urn: `urn:pulumi:dev::shop::${type}::${name}`, type, id, inputs: {}, outputs, ...more };
}
const outputs = (version: string, latestVersion?: string) => ({
	version,
	latestVersion,
	state: "Started",
	replicaVersions: [
		{ name: "a-0-0", version },
		{ name: "a-0-1", version },
	],
});
const state = (...resources: object[]) => ({ version: 3, deployment: { resources } });

describe("the clusters in a state", () => {
	test("are found among other resources, also within a component, and not where they are to be deleted", () => {
		const found = clustersIn(
			state(
				{ urn: "urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev", type: "pulumi:pulumi:Stack" },
				resource("a", outputs("1.8.0")),
				resource("b", {}, { urn: `urn:pulumi:dev::shop::dbcluster:KubernetesDbCluster$${type}::b::c` }),
				resource("a", outputs("1.7.1"), { delete: true }),
			),
			"dev",
		);
		expect(found.map(({ name, project, stack }) => ({ name, project, stack }))).toEqual([
			{ name: "a", project: "shop", stack: "dev" },
			{ name: "b::c", project: "shop", stack: "dev" },
		]);
	});

	test.each([null, {}, { deployment: null }, { deployment: { resources: "x" } }, state({}, { type })])(
		"are none in %j",
		(odd) => expect(clustersIn(odd, "dev")).toEqual([]),
	);
});

describe("secrets of a state", () => {
	test("are seen at any depth, and read where they were decrypted", () => {
		const hidden = { kubernetes: { kubeconfig: secret({ ciphertext: "v1:abc" }), namespace: "db" }, list: [1] };
		expect(hasSecrets(hidden)).toBe(true);
		expect(hasSecrets({ a: [{ b: 1 }], c: null })).toBe(false);
		expect(revealed(hidden)).toEqual({ kubernetes: { kubeconfig: undefined, namespace: "db" }, list: [1] });
		const open = { kubernetes: secret({ plaintext: JSON.stringify({ kubeconfig: secret({ plaintext: '"k"' }) }) }) };
		expect(revealed(open)).toEqual({ kubernetes: { kubeconfig: "k" } });
	});

	test("are not shown: what is one counts as not known", () => {
		const [cluster] = clustersIn(
			state(resource("a", { version: secret({ ciphertext: "x" }), state: secret({ ciphertext: "x" }) })),
			"dev",
		);
		if (cluster === undefined) throw new Error("it was not found");
		expect(recordedStatus(cluster)).toMatchObject({ versions: [], state: "Unknown", updateAvailable: undefined });
	});
});

const known = (...resources: object[]) => clustersIn(state(...resources), "dev").map(recordedStatus);

describe("the list", () => {
	test("is a table with a line for each cluster, and below it the one command for each that has an update", () => {
		expect(
			listing(known(resource("a", outputs("1.7.1", "1.8.0")), resource("orders", outputs("1.8.0", "1.8.0")))),
		).toBe(
			[
				"NAME     PLATFORM     VERSION   LATEST   UPDATE      STATE     SERVING",
				"a        kubernetes   1.7.1     1.8.0    available   Started   ?",
				"orders   kubernetes   1.8.0     1.8.0    none        Started   ?",
				"",
				"a: to update, set version to 1.8.0, then: pulumi up --stack dev",
				"This is what the last pulumi up or refresh saw; the clusters themselves were not asked.",
				"",
			].join("\n"),
		);
	});

	test("names the stacks where there are several", () => {
		const [one] = known(resource("a", outputs("1.8.0")));
		if (one === undefined) throw new Error("it was not found");
		expect(listing([one, { ...one, stack: "prod" }])).toMatch(/^NAME +STACK +PLATFORM/);
	});

	test("shows both versions midway, and judges by the older one", () => {
		const mixed = {
			...outputs("1.8.0", "1.8.0"),
			replicaVersions: [
				{ name: "a", version: "1.8.0" },
				{ name: "b", version: "1.7.1" },
			],
		};
		expect(known(resource("a", mixed))[0]).toMatchObject({ versions: ["1.7.1", "1.8.0"], updateAvailable: true });
	});

	test("takes an edited state for what can be made of it", () => {
		expect(known(resource("a", { version: 1, replicaVersions: [null, 1, {}], state: [] }, { id: 7 }))[0]).toMatchObject(
			{
				versions: [],
				replicas: [],
				state: "Unknown",
				platform: "",
			},
		);
	});
});

describe("the exit status", () => {
	const [current, old] = known(resource("a", outputs("1.8.0", "1.8.0")), resource("b", outputs("1.7.1", "1.8.0")));
	if (current === undefined || old === undefined) throw new Error("they were not found");

	test("is 2 for an update that is available, if details are asked for", () => {
		expect(exitStatus([current, old], true)).toBe(2);
		expect(exitStatus([current, old], false)).toBe(0);
		expect(exitStatus([current], true)).toBe(0);
		const scaled = [{ where: "StatefulSet a-0", replicas: 3, wanted: 2 }];
		expect(exitStatus([{ ...current, scaled }], true)).toBe(2);
	});

	test("is 1 when a cluster could not be asked, whatever else there is", () => {
		const lost = troubled(current, "no route to host");
		expect(exitStatus([old, lost], true)).toBe(1);
		expect(exitStatus([lost], false)).toBe(1);
		expect(lost.state).toBe("Unknown");
		expect(troubled(old, "no route to host").next).toBeUndefined();
	});
});

describe("the settings of a cluster", () => {
	const inputs = (directory: string) => ({ version: "1.8.0", name: "a", owner: "o", local: { directory } });
	test("with a relative folder are refused where the program is elsewhere", () => {
		expect(() => settingsOf(inputs("./data"), false)).toThrow(
			'local.directory is the relative path "./data", which starts from the folder of the Pulumi program',
		);
		expect(settingsOf(inputs("./data"), true).place.name).toBe("a");
		expect(settingsOf(inputs("~/data"), false).place.name).toBe("a");
		expect(settingsOf(inputs("/data/x"), false).place.name).toBe("a");
	});
});

describe("the command, where a CLI answers from files", () => {
	const cluster = (name: string, port: object) =>
		resource(name, outputs("1.8.0", "1.8.0"), {
			inputs: { name, owner: "o", version: "1.8.0", local: { directory: `./${name}`, port: secret(port) } },
		});
	const closed = (name: string) => cluster(name, { ciphertext: "v1:abc" });
	const open = (name: string) => cluster(name, { plaintext: "8123" });

	/** Of each stack the state as it is, and with its secrets in plain text; the CLI fails where there is none. */
	async function status(stacks: Record<string, { closed?: object; open?: object }>, ...args: string[]) {
		const folder = mkdtempSync(join(tmpdir(), "dbc-"));
		onTestFinished(() => rmSync(folder, { recursive: true }));
		const write = (file: string, value: object) => writeFileSync(join(folder, file), JSON.stringify(value));
		const names = Object.keys(stacks).map((name) => ({ name }));
		write("stacks", names);
		for (const [name, { closed, open }] of Object.entries(stacks)) {
			if (closed !== undefined) write(name, closed);
			if (open !== undefined) write(`${name}.open`, open);
		}
		const script = `#!/bin/sh
			case "$*" in
			*" ls "*) cat stacks ;;
			*--show-secrets*) cat "$4.open" || { echo "error: incorrect passphrase" >&2; exit 255; } ;;
			*) cat "$4" || { echo "error: no stack named '$4' found" >&2; exit 255; } ;;
			esac`;
		writeFileSync(join(folder, "pulumi"), script, { mode: 0o755 });
		return cli(["status", "--cwd", folder, ...args], { PATH: `${folder}:${process.env.PATH}` });
	}

	test("a cluster is asked with its own settings, also if pulumi up changes the order while the state is read", async () => {
		const dev = { closed: state(closed("a"), closed("b"), closed("c")), open: state(open("b"), open("a")) };
		const { stdout } = await status({ dev }, "--stack", "dev", "--json");
		// Why each can't be asked names the folder that it was looked for in. What is gone by now is not listed.
		const found: { name: string; problem: string }[] = JSON.parse(stdout).clusters;
		expect(found.map(({ name, problem }) => `${name}: ${/"(.*?)"/.exec(problem)?.[1]}`)).toEqual(["a: ./a", "b: ./b"]);
	});

	const some = {
		dev: { closed: state(resource("a", outputs("1.7.1", "1.8.0"))) },
		gone: {},
		locked: { closed: state(closed("b")) },
		none: { closed: state() },
	};
	const problems = [
		{ stack: "gone", problem: expect.stringMatching(/^there is no stack gone in this backend\./) },
		{ stack: "locked", problem: expect.stringMatching(/^the secrets of the stack can't be read: /) },
	];

	test("--all shows the other stacks where one can't be read, and says which and why", async () => {
		const { status: code, stdout } = await status(some, "--all", "--detailed-exitcode");
		expect(code).toBe(1);
		expect(stdout).toMatch(/^a +kubernetes +/m);
		expect(stdout).toMatch(/^gone: there is no stack gone in this backend\. .*\.$/m);
		expect(stdout).toMatch(/^locked: the secrets of the stack can't be read: .*\.$/m);
		const json = await status(some, "--all", "--json");
		expect(json.status).toBe(1);
		expect(JSON.parse(json.stdout)).toMatchObject({ clusters: [{ name: "a" }], problems });
	});

	test("--all --recorded needs no secret of it, and an exit status of 0 means that all were read", async () => {
		const { gone, ...readable } = some;
		const recorded = await status(readable, "--all", "--recorded", "--json");
		expect(recorded.status).toBe(0);
		const { clusters, ...rest } = JSON.parse(recorded.stdout);
		expect(clusters.map(({ name }: { name: string }) => name)).toEqual(["a", "b"]);
		expect(rest).toEqual({ format: 1 });
		expect((await status(some, "--all", "--recorded")).status).toBe(1);
	});

	test("--all says no more than why, where there is no cluster in what could be read", async () => {
		const { gone, none } = some;
		const { status: code, stdout } = await status({ gone, none }, "--all");
		expect(code).toBe(1);
		expect(stdout).toMatch(/^gone: there is no stack gone in this backend\. .*\.\n$/);
		expect((await status({ none }, "--all")).stderr).toMatch(/^error: there is no DbCluster in none\./);
	});

	test("of a single stack that can't be read it is the error of the command", async () => {
		const { status: code, stdout, stderr } = await status(some, "--stack", "locked");
		expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
		expect(stderr).toMatch(/^error: the secrets of the stack can't be read: /);
	});
});
