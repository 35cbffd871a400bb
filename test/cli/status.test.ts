import { describe, expect, test } from "vitest";
import { recordedStatus, settingsOf, troubled } from "../../src/cli/look";
import { clustersIn, hasSecrets, revealed } from "../../src/cli/state";
import { exitStatus, listing } from "../../src/cli/status";

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
