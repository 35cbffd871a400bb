// The program of every test: one DbCluster, with the arguments that stand in args.json. What stands there as
// { "secret": value } is made a secret.
const { readFileSync } = require("node:fs");
const pulumi = require("@pulumi/pulumi");
const { DbCluster } = require("pulumi-dbcluster");

const args = JSON.parse(readFileSync(`${__dirname}/args.json`, "utf8"), (_, value) =>
	value !== null && typeof value === "object" && Object.keys(value).join() === "secret"
		? pulumi.secret(value.secret)
		: value,
);
const { endpoint, version, state, previousVersion, latestVersion, updateAvailable } = new DbCluster("db", args);
module.exports = { endpoint, version, state, previousVersion, latestVersion, updateAvailable };
