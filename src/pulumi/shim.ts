/**
 * The provider as Pulumi stores it: the text of this object stands in the state of every stack that has a DbCluster.
 *
 * It captures nothing and loads the real provider only when it is called, so that the text is short, is the same for
 * every release and every Node, and a newer package serves the state that an older one wrote. It is a permanent API: the
 * path and the six names must stay as they are (test/pulumi/shim.test.ts holds the text).
 */
export const shim = {
	check: (olds: unknown, news: unknown) => require("pulumi-dbcluster/provider").check(olds, news),
	diff: (id: string, olds: unknown, news: unknown) => require("pulumi-dbcluster/provider").diff(id, olds, news),
	create: (inputs: unknown) => require("pulumi-dbcluster/provider").create(inputs),
	read: (id: string, props: unknown) => require("pulumi-dbcluster/provider").read(id, props),
	update: (id: string, olds: unknown, news: unknown) => require("pulumi-dbcluster/provider").update(id, olds, news),
	delete: (id: string, props: unknown) => require("pulumi-dbcluster/provider").delete(id, props),
};
