"""The table of programs that are built from Go modules: what each is, and what decides its build."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from meshroll.sandbox.build.gotool import MODULES

_KUBERNETES_VERSION = "v1.34.4"
_PLUGIN = "github.com/pulumi/pulumi-kubernetes/provider/v4"
_PLUGIN_VERSION = version("pulumi-kubernetes")  # the SDK takes no older plug-in than itself


@dataclass(frozen=True)
class ModuleFile:
    """A file of a Go module that a program reads from beside itself.

    `module` is pinned by the build's own module, `path` is inside it. `version`, where it is set, becomes the value of
    the key "version" of the file, which is JSON.
    """

    module: str
    path: str
    version: str = ""

    @property
    def name(self) -> str:
        """The file's name beside the program."""
        return Path(self.path).name


@dataclass(frozen=True)
class Build:
    """One program out of a Go module: `programs` are the names it is called by (its own name when empty).

    `cost` is the processor time of a build in seconds, as measured on one machine: only the proportions matter. `after`
    names the build that compiles most of what this one needs, so that the two at the same time would compile it twice.
    """

    name: str
    module: str
    package: str
    programs: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    files: tuple[ModuleFile, ...] = ()
    cost: float = 60.0
    after: str = ""

    @property
    def source(self) -> Path:
        """The folder of the Go module that pins all it is built from."""
        return MODULES / self.module

    @property
    def names(self) -> tuple[str, ...]:
        """The names under which the program is found in the build's folder."""
        return self.programs or (self.name,)

    @property
    def flags(self) -> tuple[str, ...]:
        """What `go build` gets; no path of this machine may end up in the program."""
        return ("-trimpath", "-buildvcs=false", "-ldflags", " ".join(["-s -w", *self.variables]))

    def key(self, go_platform: str) -> str:
        """The hash that names the build."""
        sources = [self.source / "go.mod", self.source / "go.sum"]
        if self.package.startswith("."):
            sources += sorted((self.source / self.package).glob("*.go"))
        files = [repr(file) for file in self.files]
        digest = hashlib.sha256("\0".join([go_platform, self.package, *self.names, *self.flags, *files]).encode())
        for source in sources:
            if not source.name.endswith("_test.go"):
                digest.update(source.name.encode() + b"\0" + source.read_bytes() + b"\0")
        return digest.hexdigest()[:16]


def _kubernetes_variables() -> tuple[str, ...]:
    # Without them the API server calls itself v0.0.0-master, which clients cannot parse.
    major, minor, _ = _KUBERNETES_VERSION.removeprefix("v").split(".")
    component = "k8s.io/component-base/version"
    return (
        f"-X {component}.gitVersion={_KUBERNETES_VERSION}",
        f"-X {component}.gitMajor={major}",
        f"-X {component}.gitMinor={minor}",
        f"-X {component}.gitCommit=x",
        f"-X {component}.buildDate=1970-01-01T00:00:00Z",
        f"-X k8s.io/client-go/pkg/version.gitVersion={_KUBERNETES_VERSION}",
    )


KUBERNETES = Build(
    "kubernetes",
    "kubernetes",
    ".",
    ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"),
    _kubernetes_variables(),
    cost=440,
)
PULUMI = Build("pulumi", "pulumi", "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi", cost=280)
PULUMI_KUBERNETES = Build(
    "pulumi-resource-kubernetes",
    "pulumi-kubernetes",
    ".",
    variables=(f"-X {_PLUGIN}/pkg/version.Version={_PLUGIN_VERSION}",),
    files=(
        ModuleFile(_PLUGIN, "cmd/pulumi-resource-kubernetes/schema.json", _PLUGIN_VERSION),
        ModuleFile(_PLUGIN, "cmd/pulumi-resource-kubernetes/terraform-mapping.json"),
    ),
    cost=420,
    after="kubernetes",
)
BUILDS: tuple[Build, ...] = (
    KUBERNETES,
    Build(
        "rollouts-controller",
        "kubernetes",
        "github.com/argoproj/argo-rollouts/cmd/rollouts-controller",
        cost=90,
        after="kubernetes",
    ),
    Build(
        "argocd",
        "argocd",
        ".",
        (
            "argocd-application-controller",
            "argocd-applicationset-controller",
            "argocd-git-ask-pass",
            "argocd-repo-server",
        ),
        cost=190,
        after="kubernetes",
    ),
    Build("pilot-discovery", "mesh", "istio.io/istio/pilot/cmd/pilot-discovery", cost=320),
    Build("kwok", "mesh", "sigs.k8s.io/kwok/cmd/kwok", cost=30, after="pilot-discovery"),
    Build("workload", "mesh", "./workload", cost=7, after="pilot-discovery"),
    PULUMI,
    PULUMI_KUBERNETES,
)
