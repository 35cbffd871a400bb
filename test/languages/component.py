import json

import pulumi
import pulumi_dbcluster_kubernetes as dbcluster

with open("args.json") as file:
    args = json.load(file)

db = dbcluster.KubernetesDbCluster(
    "db",
    version="1.8.0",
    replicas=args.get("replicas", 2),
    deletion_policy=dbcluster.DeletionPolicy.DELETE,
    keeper=dbcluster.KeeperArgs(replicas=1),
    network_policy=dbcluster.NetworkPolicyArgs(api_server=[dbcluster.PeerArgs(cidr="10.0.0.0/28")]),
    update=dbcluster.UpdateArgs(policy=dbcluster.UpdatePolicy.ANY, drain_seconds=5),
)
pulumi.export("endpoint", db.endpoint)
