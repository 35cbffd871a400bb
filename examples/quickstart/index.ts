import * as pulumi from "@pulumi/pulumi";
import { DbCluster } from "pulumi-dbcluster";

const machine = `${process.platform}-${process.arch}`;
const newest = `@chdb/lib-${machine}${process.platform === "linux" ? "-gnu" : ""}`;

const config = new pulumi.Config();

// Two replicas of a real ClickHouse, as processes of this machine, behind one HTTP endpoint.
const db = new DbCluster("quickstart", {
	version: config.get("version") ?? "26.5.1.1",
	replicas: 2,
	local: {
		// Where the data lives, and the port on 127.0.0.1: a folder in your home and a free-looking port unless set.
		directory: config.get("directory"),
		port: config.getNumber("port"),
		// The DB versions that there are, each an npm package that this example depends on.
		engines: {
			"26.5.1.1": `engine-26.5-${machine}`,
			"26.7.2.1": newest,
		},
	},
	deletionPolicy: config.get("deletionPolicy"),
});

export const endpoint = db.endpoint;
export const version = db.version;
export const state = db.state;
export const updateAvailable = db.updateAvailable;
