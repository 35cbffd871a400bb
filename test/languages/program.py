import json

import pulumi
import pulumi_dbcluster as dbcluster

with open("args.json") as file:
    args = json.load(file)
local = args["local"]

db = dbcluster.DbCluster(
    "db",
    version=args["version"],
    replicas=2,
    local=dbcluster.LocalArgs(
        directory=local["directory"], port=local["port"], engines=local["engines"], addon=local["addon"]
    ),
    update=dbcluster.UpdateArgs(policy=dbcluster.UpdatePolicy.ANY, drain_seconds=args.get("drainSeconds", 5)),
    deletion_policy=dbcluster.DeletionPolicy.DELETE,
    opts=pulumi.ResourceOptions(**args.get("options", {})),
)

# Each is of the type that the SDK gives it.
pulumi.export("endpoint", db.endpoint)
pulumi.export("name", db.name.apply(lambda name: name.upper()))
pulumi.export("updateAvailable", db.update_available)
pulumi.export("versions", db.replica_versions.apply(lambda all: {one.name: one.version for one in all}))
pulumi.export("from", db.last_update.apply(lambda last: last and last.from_))
pulumi.export("restarted", db.last_update.apply(lambda last: last and [one.name for one in last.replicas]))
pulumi.export("drain", db.update.apply(lambda update: update and update.drain_seconds))
pulumi.export("policy", db.update.apply(lambda update: update and update.policy))
