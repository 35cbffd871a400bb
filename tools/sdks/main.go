// Binds a Pulumi schema and writes its SDKs, one folder per language, by Pulumi's own code generators; ../sdks.mts compiles it.
package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"

	"github.com/pulumi/pulumi/pkg/v3/codegen/dotnet"
	golang "github.com/pulumi/pulumi/pkg/v3/codegen/go"
	"github.com/pulumi/pulumi/pkg/v3/codegen/python"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
	"golang.org/x/mod/modfile"
)

const tool = "pulumi-dbcluster"

type generator struct {
	language string
	generate func(pkg *schema.Package) (map[string][]byte, error)
	// Whether a release holds it. The others only show that the schema suits their languages.
	released bool
}

var generators = []generator{
	{"python", pythonPackage, true},
	{"go", goPackage, true},
	{"dotnet", func(pkg *schema.Package) (map[string][]byte, error) {
		return dotnet.GeneratePackage(tool, pkg, nil, nil)
	}, false},
}

// The generator's pyproject.toml names a file that it writes elsewhere.
func pythonPackage(pkg *schema.Package) (map[string][]byte, error) {
	files, err := python.GeneratePackage(tool, pkg, nil, nil)
	if err == nil {
		files["README.md"] = files["pulumi_"+pkg.Name+"/README.md"]
	}
	return files, err
}

// The generator's go.mod asks for an SDK that is older than what the code uses.
func goPackage(pkg *schema.Package) (map[string][]byte, error) {
	files, err := golang.GeneratePackage(tool, pkg, nil)
	if err != nil {
		return nil, err
	}
	module, err := modfile.Parse("go.mod", files["go.mod"], nil)
	if err != nil {
		return nil, err
	}
	if err := module.AddRequire("github.com/pulumi/pulumi/sdk/v3", "v"+os.Args[3]); err != nil {
		return nil, err
	}
	files["go.mod"], err = module.Format()
	return files, err
}

// The generator of C# fetches a logo, which nobody needs.
type offline struct{}

func (offline) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, nil
}

// sdks SCHEMA FOLDER VERSION: the version is that of Pulumi's SDK.
func main() {
	http.DefaultTransport = offline{}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(schemaFile, folder string) error {
	text, err := os.ReadFile(schemaFile)
	if err != nil {
		return err
	}
	for _, generator := range generators {
		// Each has its own: a generator leaves marks on what it is given.
		pkg, err := bind(text)
		if err != nil {
			return err
		}
		files, err := generator.generate(pkg)
		if err != nil {
			return fmt.Errorf("the generator of %s: %w", generator.language, err)
		}
		if !generator.released {
			continue
		}
		for name, content := range files {
			file := filepath.Join(folder, generator.language, name)
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				return err
			}
			if err := os.WriteFile(file, content, 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}

// A warning counts as an error: there is nobody to read it.
func bind(text []byte) (*schema.Package, error) {
	var spec schema.PackageSpec
	if err := json.Unmarshal(text, &spec); err != nil {
		return nil, err
	}
	pkg, diagnostics, err := schema.BindSpec(spec, nil, schema.ValidationOptions{})
	if err != nil {
		return nil, err
	}
	if len(diagnostics) > 0 {
		return nil, fmt.Errorf("the schema does not bind: %w", diagnostics)
	}
	return pkg, nil
}
