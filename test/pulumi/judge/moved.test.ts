import { expect, test } from "vitest";
import * as provider from "../../../src/pulumi/provider";
import { unknownValue } from "../../../src/pulumi/stored";
import { reasonsIn } from "../../reasons";

const of = (name: string, namespace: unknown, secret: unknown, more: object = {}) => ({
	owner: "p/s/a",
	name,
	version: "1.8.0",
	kubernetes: { namespace, image: "127.0.0.1:1/db", passwordSecret: { name: secret }, ...more },
});

// Without a cluster to ask: a move is refused before anything is asked.
test.each([
	["b", "db", "name: the cluster is kubernetes:db/a and can't become kubernetes:db/b: "],
	["a", "other", "kubernetes: the cluster is kubernetes:db/a and can't become kubernetes:other/a: "],
])("a move to %s in %s is refused while the password's Secret is still to be made", async (name, namespace, said) => {
	const olds = of("a", "db", "password");
	const known = reasonsIn((await provider.check(olds, of(name, namespace, "password"))).failures ?? []);
	expect(known).toEqual([expect.stringContaining(said)]);
	for (const news of [of(name, namespace, unknownValue), of(name, namespace, "p", { keeper: { hosts: unknownValue } })])
		expect(reasonsIn((await provider.check(olds, news)).failures ?? [])).toEqual(known);
});

test.each([of("a", "db", unknownValue), of("a", unknownValue, unknownValue), of("a", unknownValue, "other")])(
	"no move is suspected of what is unknown: %j",
	async (news) => {
		expect((await provider.check(of("a", "db", "password"), news)).failures ?? []).toEqual([]);
	},
);
