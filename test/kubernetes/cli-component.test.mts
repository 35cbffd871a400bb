import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { caveats } from "../engine/output.mts";
import { Space, unavailable } from "./harness.ts";
import { ComponentProject } from "./projects.mts";
import { queryAt } from "./query.ts";

const minute = 60_000;

/**
 * The component by the real CLI and engine. The plugins of @pulumi/kubernetes and @pulumi/random are stood in for (see
 * plugin.mts), so that these tests say nothing about those; each goes on where the one before ended.
 */
describe.skipIf(unavailable !== undefined)("a program with a component, by the real CLI", () => {
	let space: Space;
	let project: ComponentProject;
	const said: string[] = [];
	const passwords: string[] = [];

	const password = async () => {
		const { secretName } = await project.outputs();
		const secret = await space.api.get<{ data: { password: string } }>("secrets", String(secretName));
		const text = Buffer.from(secret?.data.password ?? "", "base64").toString();
		expect(text.length).toBeGreaterThan(30);
		passwords.push(text);
		return text;
	};
	const answers = async (password: string) => {
		const endpoint = await space.endpoint("db");
		await vi.waitFor(
			async () =>
				expect(await queryAt(endpoint, "SELECT 1", undefined, { login: { user: "app", password } })).toBe("1"),
			{ timeout: minute, interval: 200 },
		);
	};

	beforeAll(async () => {
		space = await Space.open();
		// The harness' own, of the same name.
		await space.api.delete("secrets", "db-password");
		project = await new ComponentProject(space).init();
	});
	afterAll(async () => {
		await project?.remove();
		await space?.close();
	});

	test("the first preview shows everything and judges nothing that is still to be made", async () => {
		const { status, output } = await project.preview();
		said.push(output);
		expect(output).toContain("pulumi-dbcluster:kubernetes:KubernetesDbCluster");
		expect(output).toMatch(/\+ 9 to create/);
		expect(status).toBe(0);
	});

	test("up makes a cluster that answers with the generated password", async () => {
		said.push(await project.upOk());
		expect(await project.outputs()).toMatchObject({ secretName: "db-password", version: "1.7.1", state: "Started" });
		await answers(await password());
	});

	test("a preview without a change shows none", async () => {
		const { status, output } = await project.preview("--expect-no-changes");
		said.push(output);
		expect({ status, output }).toMatchObject({ status: 0, output: expect.stringMatching(/\d unchanged/) });
	});

	test("another version updates the cluster and nothing else, and its preview says what that does", async () => {
		project.set({ version: "1.8.0" });
		const { output } = await project.preview();
		said.push(output);
		expect(caveats(output)).toContain('+ reads: "SELECT keeps working"');
		expect(output).toMatch(/~ 1 to update\n\s+8 unchanged/);
	});

	test("up does it", async () => {
		said.push(await project.upOk());
		expect(await project.outputs()).toMatchObject({ version: "1.8.0", state: "Started" });
		await answers(await password());
	});

	test("no password and no credentials are in the state or in what was printed", async () => {
		const token: string = JSON.parse((space.given() as { kubeconfig: string }).kubeconfig).users[0].user.token;
		const state = await project.exported();
		const all = [state, ...said].join("\n");
		expect(state).toContain('"ciphertext"');
		for (const word of [...passwords, token]) {
			expect(all).not.toContain(word);
			expect(all).not.toContain(Buffer.from(word).toString("base64"));
		}
	});

	test("destroy keeps the namespace and its volumes", async () => {
		expect(await project.run("destroy", "--yes", "--skip-preview")).toMatchObject({ status: 0 });
		const names = async (kind: "statefulsets" | "secrets" | "persistentvolumeclaims") =>
			(await space.api.list<{ metadata: { name: string } }>(kind, {})).map(({ metadata }) => metadata.name);
		expect(await names("statefulsets")).toEqual([]);
		expect(await names("secrets")).not.toContain("db-password");
		expect(await names("persistentvolumeclaims")).toEqual(["data-db-0-0", "data-db-0-1"]);
	});
});

describe.skipIf(unavailable !== undefined)("a DbCluster that was declared alone", () => {
	test("goes over into a component of its name, and is neither made anew nor deleted", async () => {
		const space = await Space.open();
		const project = await new ComponentProject(space).init();
		try {
			project.set({ createNamespace: false, passwordSecret: { name: "db-password" } });
			await project.set({ bare: true }).upOk();
			const { id } = await project.resource();
			const { status, output } = await project.set({ bare: false }).preview();
			expect({ status, output }).toMatchObject({ status: 0, output: expect.stringContaining(`[id=${id}]`) });
			expect(output).toMatch(/\+ 4 to create\n\s+~ 1 to update\n/);
			expect(output).not.toMatch(/to delete|to replace/);
		} finally {
			await project.remove();
			await space.close();
		}
	});
});
