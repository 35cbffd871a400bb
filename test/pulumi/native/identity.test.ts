import { expect, test } from "vitest";
import { identified } from "../../../src/pulumi/native/identity";

const urn = "urn:pulumi:live::shop::dbcluster:index:DbCluster::analytics";

test("a cluster has its resource's name and its owner, of which the program says nothing", () => {
	expect(identified({ version: "1.8.0" }, urn)).toEqual({
		version: "1.8.0",
		name: "analytics",
		owner: "shop/live/analytics",
	});
});

test("a name of its own stays; a name that parts a URN, and a parent, lead nowhere else", () => {
	expect(identified({ name: "db" }, urn)).toMatchObject({ name: "db", owner: "shop/live/analytics" });
	const inside = "urn:pulumi:live::shop::web:index:Shop$dbcluster:index:DbCluster::a::b";
	expect(identified({}, inside)).toMatchObject({ name: "a::b", owner: "shop/live/a::b" });
});
