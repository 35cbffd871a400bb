// A KubernetesDbCluster, with the arguments that stand in args.json; with `bare` the DbCluster alone, as one begins.
const { readFileSync } = require("node:fs");
const pulumi = require("@pulumi/pulumi");
const { DbCluster } = require("pulumi-dbcluster");
const { KubernetesDbCluster } = require("pulumi-dbcluster/kubernetes");

const { bare, kubeconfig, ...given } = JSON.parse(readFileSync(`${__dirname}/args.json`, "utf8"));
const args = { ...given, kubeconfig: pulumi.secret(kubeconfig) };
const { version, update, createNamespace, keeper, ...kubernetes } = args;
const db = bare
	? new DbCluster("db", { version, update, kubernetes: { ...kubernetes, keeper: keeper.hosts } })
	: new KubernetesDbCluster("db", args);
const { secretName, state, endpoint } = db;
module.exports = { secretName, version: db.version, state, endpoint };
