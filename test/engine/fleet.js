// A program of several clusters: those of args.json by their names; one whose name has a slash lives in a component.
// `options` among the arguments are the resource's options.
const { readFileSync } = require("node:fs");
const pulumi = require("@pulumi/pulumi");
const { DbCluster } = require("pulumi-dbcluster");

const { clusters, fail } = JSON.parse(readFileSync(`${__dirname}/args.json`, "utf8"));
for (const [path, { options, ...args }] of Object.entries(clusters)) {
	const [name, component] = path.split("/").reverse();
	const parent = component && new pulumi.ComponentResource("shop:Shop", component);
	new DbCluster(name, args, { parent, ...options });
}
if (fail) throw new Error(fail);
