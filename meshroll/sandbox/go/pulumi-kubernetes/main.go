// Command pulumi-resource-kubernetes is the official kubernetes plug-in of Pulumi. Upstream's own main embeds two
// generated files that its module does not carry: here the schema, which the module does carry, is read from beside the
// program, and the mapping of Terraform's names, which only converting a program needs, is empty.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider"
	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/version"
)

func main() {
	schema, err := readSchema()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	provider.Serve("kubernetes", version.Version, schema, []byte("{}"))
}

// readSchema returns the schema.json that lies beside the program, whatever link it was called by.
func readSchema() ([]byte, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	program, err = filepath.EvalSymlinks(program)
	if err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Join(filepath.Dir(program), "schema.json"))
}
