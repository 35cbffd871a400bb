package main

import (
	dbcluster "example.com/pulumi-dbcluster-kubernetes/sdk/go/dbclusterkubernetes"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		db, err := dbcluster.NewKubernetesDbCluster(ctx, "db", &dbcluster.KubernetesDbClusterArgs{
			Version:        pulumi.String("1.8.0"),
			DeletionPolicy: pulumi.StringRef(string(dbcluster.DeletionPolicyDelete)),
			Keeper:         &dbcluster.KeeperArgs{Replicas: pulumi.IntRef(1)},
			Update:         &dbcluster.UpdateArgs{Policy: dbcluster.UpdatePolicyAny},
		})
		if err != nil {
			return err
		}
		ctx.Export("endpoint", db.Endpoint)
		return nil
	})
}
