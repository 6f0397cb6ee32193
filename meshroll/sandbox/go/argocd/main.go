// Command argocd is the part of Argo CD that a cluster without people needs: the application controller, the repository
// server and the ApplicationSet controller, without the API server and the command line, whose dependencies take most of
// the time to build. The name it is called by selects the program, or ARGOCD_BINARY_NAME where that is set, as in Argo
// CD's own main: Git asks "argocd" for passwords, and this variable tells it to be argocd-git-ask-pass.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	controller "github.com/argoproj/argo-cd/v3/cmd/argocd-application-controller/commands"
	applicationset "github.com/argoproj/argo-cd/v3/cmd/argocd-applicationset-controller/commands"
	askpass "github.com/argoproj/argo-cd/v3/cmd/argocd-git-ask-pass/commands"
	reposerver "github.com/argoproj/argo-cd/v3/cmd/argocd-repo-server/commands"
	"github.com/spf13/cobra"
)

func main() {
	programs := map[string]func() *cobra.Command{
		"argocd-application-controller":    controller.NewCommand,
		"argocd-applicationset-controller": applicationset.NewCommand,
		"argocd-git-ask-pass":              askpass.NewCommand,
		"argocd-repo-server":               reposerver.NewCommand,
	}
	name := filepath.Base(os.Args[0])
	if set := os.Getenv("ARGOCD_BINARY_NAME"); set != "" {
		name = set
	}
	program, known := programs[name]
	if !known {
		fmt.Fprintf(os.Stderr, "argocd: call it by the name of one of its programs, not %q\n", name)
		os.Exit(2)
	}
	if err := program().Execute(); err != nil {
		os.Exit(1)
	}
}
