"""What a person needs to run `pulumi` and `meshroll` by hand against a sandbox, as environment variables.

The user's own Pulumi comes first where it is installed; the sandbox's CLI stands last on PATH, and its plug-in and
language host fill in only what is missing.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

from meshroll.sandbox.pulumi import Official, find_official, install
from meshroll.sandbox.state.home import Home
from meshroll.sandbox.topology.site import Site


def variables(site: Site, environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that the sandbox sets. Values may be secrets: they are for a shell, not for a log."""
    installed = official(site.home, environ)
    found = {
        "MESHROLL_KUBECONFIG": str(site.home.kubeconfig),
        "MESHROLL_REPOSITORY": site.home.repository.as_uri(),
        "MESHROLL_ISTIOD_DEBUG": f"http://127.0.0.1:{site.port('istiod', 'http')}",
    }
    for worker in site.workers:
        found[f"MESHROLL_GATEWAY_{suffix(worker)}"] = site.ranges[worker].gateway
        found[f"MESHROLL_REMOTE_KUBECONFIG_{suffix(worker)}"] = site.reader_kubeconfig(worker)
    found |= install(site.home.pulumi, Path(sys.executable), site.programs["pulumi-resource-kubernetes"], installed)
    binaries = site.home.path / "bin"
    if installed.cli is None:
        _link(binaries / "pulumi", site.programs["pulumi"])
        found["PATH"] = with_folder(environ.get("PATH", os.defpath), binaries)
    return found


def official(home: Home, environ: Mapping[str, str] = os.environ) -> Official:
    """Which parts of the official Pulumi this machine has, seen from a sandbox."""
    return find_official(environ, version("pulumi_kubernetes"), own=home.path)


def suffix(worker: str) -> str:
    """A cluster's name as the end of a variable's name."""
    return re.sub(r"[^A-Z0-9]", "_", worker.upper())


def with_folder(path: str, folder: Path) -> str:
    """PATH with a folder at its end, once."""
    kept = [item for item in path.split(os.pathsep) if item and item != str(folder)]
    return os.pathsep.join([*kept, str(folder)])


def _link(link: Path, target: Path) -> None:
    if link.is_symlink() and link.readlink() == target:
        return
    beside = link.with_name(f".{link.name}.{os.getpid()}")
    beside.symlink_to(target)
    beside.replace(link)
