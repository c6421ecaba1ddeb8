// Command control-plane is a whole Kubernetes control plane in one binary: etcd, API server, controller manager and
// scheduler as sub-commands, built from the published modules. The launcher (sandbox/launch) starts one process of each.
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"k8s.io/component-base/cli"
	"k8s.io/component-base/version"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	kcm "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
)

const usage = "usage: control-plane etcd|apiserver|kcm|scheduler|pki|version [flags]"

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, usage)
		os.Exit(2)
	}
	role := os.Args[1]
	// The Kubernetes commands parse os.Args themselves.
	os.Args = append([]string{filepath.Base(os.Args[0]) + "-" + role}, os.Args[2:]...)
	os.Exit(run(role))
}

func run(role string) int {
	switch role {
	case "etcd":
		return exitCode(runEtcd(os.Args[1:]))
	case "apiserver":
		exitWithParent()
		return cli.Run(apiserver.NewAPIServerCommand())
	case "kcm":
		exitWithParent()
		return cli.Run(kcm.NewControllerManagerCommand())
	case "scheduler":
		exitWithParent()
		return cli.Run(scheduler.NewSchedulerCommand())
	case "pki":
		return exitCode(runPKI(os.Args[1:]))
	case "version":
		fmt.Println(version.Get().GitVersion)
		return 0
	default:
		fmt.Fprintf(os.Stderr, "unknown sub-command %q\n%s\n", role, usage)
		return 2
	}
}

func exitCode(err error) int {
	if err == nil {
		return 0
	}
	fmt.Fprintln(os.Stderr, err)
	if errors.Is(err, errInUse) {
		return exitInUse
	}
	return 1
}
