package main

import (
	"encoding/json"
	"os"

	"example.com/pulumi-dbcluster/sdk/go/dbcluster"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

type args struct {
	Version string
	Local   struct {
		Directory string
		Port      int
		Engines   map[string]string
		Addon     string
	}
}

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		text, err := os.ReadFile("args.json")
		if err != nil {
			return err
		}
		var args args
		if err := json.Unmarshal(text, &args); err != nil {
			return err
		}
		db, err := dbcluster.NewDbCluster(ctx, "db", &dbcluster.DbClusterArgs{
			Version:  pulumi.String(args.Version),
			Replicas: pulumi.Int(2),
			Local: &dbcluster.LocalArgs{
				Directory: pulumi.String(args.Local.Directory),
				Port:      pulumi.Int(args.Local.Port),
				Engines:   pulumi.ToStringMap(args.Local.Engines),
				Addon:     pulumi.String(args.Local.Addon),
			},
			Update:         &dbcluster.UpdateArgs{Policy: dbcluster.UpdatePolicyAny, DrainSeconds: pulumi.Int(5)},
			DeletionPolicy: dbcluster.DeletionPolicyDelete,
		})
		if err != nil {
			return err
		}
		ctx.Export("endpoint", db.Endpoint)
		ctx.Export("first", db.ReplicaVersions.Index(pulumi.Int(0)).Name())
		return nil
	})
}
