import pulumi
import pulumi_dbcluster as dbcluster

config = pulumi.Config()
analytics = dbcluster.DbCluster(
    "analytics",
    version=config.require("version"),
    replicas=2,
    local=dbcluster.LocalArgs(directory=config.require("directory"), port=config.require_int("port")),
)

pulumi.export("endpoint", analytics.endpoint)
pulumi.export("versions", analytics.replica_versions.apply(lambda replicas: {one.name: one.version for one in replicas}))
pulumi.export("updateAvailable", analytics.update_available)
