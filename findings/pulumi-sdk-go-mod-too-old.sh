#!/usr/bin/env bash
# github.com/pulumi/pulumi/pkg/v3 v3.206.0 (Go): the code generators of SDKs write a Go module that asks for a version of
# Pulumi's SDK which lacks a package that the module imports, and a pyproject.toml that names a file which does not exist.
#
# `pulumi package gen-sdk` and `pulumi package add` use these generators. The go.mod asks for the SDK 3.30.0, whatever the
# code uses. A program that asks for a newer SDK hides that; the module by itself does not build until `go mod tidy` has
# raised the version. The pyproject.toml names README.md beside itself, and the generator writes it in the package's folder.
#
# Seen:
#   go.mod asks for pulumi/sdk/v3 v3.30.0
#   the code imports "github.com/pulumi/pulumi/sdk/v3/go/pulumi/internals"
#   SDK v3.30.0 has it: no
#   SDK v3.206.0 has it: yes
#   pyproject.toml has readme = "README.md", and the only file of that name is ./pulumi_demo/README.md
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

cat >schema.json <<'JSON'
{
	"name": "demo",
	"version": "1.0.0",
	"resources": { "demo:index:Thing": { "inputProperties": { "size": { "type": "integer" } } } },
	"meta": { "supportPack": true },
	"language": { "go": { "respectSchemaVersion": true }, "python": { "pyproject": { "enabled": true } } }
}
JSON
cat >go.mod <<'MOD'
module generate

go 1.25

require github.com/pulumi/pulumi/pkg/v3 v3.206.0

replace github.com/atotto/clipboard => github.com/tgummerer/clipboard v0.0.0-20241001131231-d02d263e614e
MOD
cat >main.go <<'GO'
package main

import (
	"encoding/json"
	"os"
	"path/filepath"

	golang "github.com/pulumi/pulumi/pkg/v3/codegen/go"
	"github.com/pulumi/pulumi/pkg/v3/codegen/python"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

func main() {
	write("go", must(golang.GeneratePackage("finding", bound(), nil)))
	write("python", must(python.GeneratePackage("finding", bound(), nil, nil)))
}

func bound() *schema.Package {
	var spec schema.PackageSpec
	if err := json.Unmarshal(must(os.ReadFile("schema.json")), &spec); err != nil {
		panic(err)
	}
	pkg, diagnostics, err := schema.BindSpec(spec, nil, schema.ValidationOptions{})
	if err != nil || len(diagnostics) > 0 {
		panic("the schema is not valid")
	}
	return pkg
}

func write(folder string, files map[string][]byte) {
	for name, content := range files {
		file := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			panic(err)
		}
		if err := os.WriteFile(file, content, 0o644); err != nil {
			panic(err)
		}
	}
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
GO
export CGO_ENABLED=0 GOWORK=off
go run -mod=mod .

has() { # Whether a version of Pulumi's SDK has the package.
	local folder
	folder=$(go mod download -json "github.com/pulumi/pulumi/sdk/v3@$1" | sed -nE 's/^\t"Dir": "(.*)",$/\1/p')
	if [[ -d $folder/go/pulumi/internals ]]; then echo yes; else echo no; fi
}
imported=$(grep -rhoE '"github.com/pulumi/pulumi/sdk/v3/go/pulumi/internals"' go | sort -u)
seen=$(
	printf 'go.mod asks for %s\n' "$(grep -oE 'pulumi/sdk/v3 v[0-9.]+' go/go.mod)"
	printf 'the code imports %s\n' "$imported"
	for version in v3.30.0 v3.206.0; do printf 'SDK %s has it: %s\n' "$version" "$(has "$version")"; done
	grep -oE 'readme = .*' python/pyproject.toml
	(cd python && find . -name README.md)
)
printf '%s\n' "$seen"
diff <(printf '%s\n' "$seen") - <<-'SEEN'
	go.mod asks for pulumi/sdk/v3 v3.30.0
	the code imports "github.com/pulumi/pulumi/sdk/v3/go/pulumi/internals"
	SDK v3.30.0 has it: no
	SDK v3.206.0 has it: yes
	readme = "README.md"
	./pulumi_demo/README.md
SEEN
