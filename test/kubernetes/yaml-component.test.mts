import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { expectRefused } from "../engine/output.mts";
import { Space, unavailable } from "./harness.ts";
import { LanguagesProject } from "./projects.mts";
import { queryAt } from "./query.ts";

const minute = 60_000;
const types = {
	javascript: ["pulumi-dbcluster:kubernetes:KubernetesDbCluster", "pulumi-nodejs:dynamic/dbcluster:DbCluster"],
	yaml: ["dbcluster-kubernetes:index:KubernetesDbCluster", "dbcluster:index:DbCluster"],
};

/**
 * The component by its plugin, on the real CLI. The plugins of @pulumi/kubernetes and @pulumi/random are stood in for (see
 * plugin.mts), so that these tests say nothing about those; each goes on where the one before ended.
 */
describe.skipIf(unavailable !== undefined)("a component that is declared in YAML", () => {
	let space: Space;
	let project: LanguagesProject;
	const said: string[] = [];

	const password = async () => {
		const secret = await space.api.get<{ data: { password: string } }>("secrets", "db-password");
		return Buffer.from(secret?.data.password ?? "", "base64").toString();
	};
	const answers = async () => {
		const [endpoint, login] = [await space.endpoint("db"), { user: "app", password: await password() }];
		await vi.waitFor(async () => expect(await queryAt(endpoint, "SELECT 1", undefined, { login })).toBe("1"), {
			timeout: minute,
			interval: 200,
		});
	};
	/** The types of the component and of the cluster inside, in the state. */
	const stored = async () => {
		const { deployment } = await project.state();
		return deployment.resources.map(({ type }) => type).filter((type) => type.endsWith("DbCluster"));
	};
	const pods = async () =>
		(await space.api.list<{ metadata: { name: string; uid: string } }>("pods", {}))
			.map(({ metadata }) => `${metadata.name} ${metadata.uid}`)
			.sort();

	beforeAll(async () => {
		space = await Space.open();
		// The harness' own, of the same name.
		await space.api.delete("secrets", "db-password");
		project = await new LanguagesProject(space).init();
	});
	afterAll(async () => {
		await project?.remove();
		await space?.close();
	});

	test("its first preview shows what a program in TypeScript would make", async () => {
		const { status, output } = await project.run("preview");
		said.push(output);
		expect({ status, output }).toMatchObject({ status: 0, output: expect.stringMatching(/\+ 9 to create/) });
		for (const type of types.yaml) expect(output).toContain(type);
	});

	test("up makes a cluster that answers with the generated password", async () => {
		said.push(await project.upOk());
		expect(await project.outputs()).toMatchObject({ secretName: "db-password", version: "1.7.1", state: "Started" });
		expect(await stored()).toEqual(types.yaml);
		await answers();
		const unchanged = await project.run("preview", "--expect-no-changes");
		expect(unchanged).toMatchObject({ status: 0 });
	});

	test("the short preview of another version warns of what the update does, and up does it", async () => {
		const { status, output } = await project.set({ version: "1.8.0" }).run("preview");
		said.push(output);
		expect({ status, output }).toMatchObject({ status: 0, output: expect.stringContaining("~ 1 to update") });
		expect(output).toMatch(/warning: 1\.7\.1 -> 1\.8\.0\n(.*\n)* +reads: SELECT keeps working\n/);
		const json = (await project.run("preview", "--json")).output;
		const file = join(project.folder, "preview.json");
		writeFileSync(file, json.slice(json.indexOf("{")));
		const { output: report } = await project.dbcluster(["report", file]).ended;
		expect(report).toContain("SELECT keeps working");
		said.push(json, report, await project.upOk());
		expect(await project.outputs()).toMatchObject({ version: "1.8.0", state: "Started" });
		expect((await project.dbcluster(["status"]).ended).output).toContain("1.8.0");
		await answers();
	});

	test("a version goes back neither here nor there", async () => {
		expectRefused(await project.set({ version: "1.7.1" }).run("preview"), "1.7.1 is older than 1.8.0");
		project.set({ version: "1.8.0" });
	});

	test.each(["javascript", "yaml"] as const)(
		"a program in %s takes over what the other one declared: nothing is replaced, no pod restarts",
		async (language) => {
			const running = await pods();
			const { status, output } = await project.in(language).preview();
			said.push(output);
			expect({ status, output }).toMatchObject({ status: 0 });
			expect(output).not.toMatch(/to create|to delete|to replace/);
			await project.upOk();
			expect(await stored()).toEqual(types[language]);
			expect(await pods()).toEqual(running);
			expect(await project.run("refresh", "--yes", "--skip-preview")).toMatchObject({ status: 0 });
			expect(await project.run("preview", "--expect-no-changes")).toMatchObject({ status: 0 });
		},
	);

	test("no password and no credentials are in the state or in what was printed", async () => {
		const token: string = JSON.parse((space.given() as { kubeconfig: string }).kubeconfig).users[0].user.token;
		const state = await project.exported();
		expect(state).toContain('"ciphertext"');
		for (const word of [await password(), token]) {
			expect(word.length).toBeGreaterThan(30);
			for (const text of [word, Buffer.from(word).toString("base64")])
				expect([state, ...said].join("\n")).not.toContain(text);
		}
	});

	test("destroy ends it", async () => {
		expect(await project.run("destroy", "--yes", "--skip-preview")).toMatchObject({ status: 0 });
		expect(await space.api.list("statefulsets", {})).toEqual([]);
	});
});
