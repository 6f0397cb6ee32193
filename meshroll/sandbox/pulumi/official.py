"""Which parts of the official Pulumi a machine has."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PLUGIN = "pulumi-resource-kubernetes"
_FOLDER = re.compile(r"resource-kubernetes-v(\d+)\.(\d+)\.(\d+)$")


@dataclass(frozen=True)
class Official:
    """The parts of the official Pulumi that the user has; None means that the sandbox brings its own."""

    cli: Path | None = None
    language_host: Path | None = None
    kubernetes: Path | None = None  # the plug-in's folder in the plug-in cache, or its executable on PATH

    @property
    def complete(self) -> bool:
        """Whether nothing of the sandbox's own is needed."""
        return None not in {self.cli, self.language_host, self.kubernetes}


def find_official(environ: Mapping[str, str], sdk: str, *, own: Path | None = None) -> Official:
    """Look at PATH and at the plug-in cache of PULUMI_HOME (default `~/.pulumi`).

    What lies below `own`, the sandbox's folder, is not official.
    A kubernetes plug-in counts when the CLI would take it for the SDK's version: the same major, and not older.
    """
    folders = [item for item in environ.get("PATH", "").split(os.pathsep) if item and not _is_below(Path(item), own)]
    path = os.pathsep.join(folders)
    cli = _which("pulumi", path)
    host = _which("pulumi-language-python", path)
    if host is None and cli is not None:
        beside = cli.resolve().with_name("pulumi-language-python")
        host = beside if os.access(beside, os.X_OK) else None
    home = Path(environ.get("PULUMI_HOME") or Path(environ.get("HOME") or Path.home()) / ".pulumi")
    cached = None if _is_below(home, own) else _cached(home / "plugins", sdk)
    return Official(cli, host, _which(PLUGIN, path) or cached)


def _cached(plugins: Path, sdk: str) -> Path | None:
    wanted = tuple(int(part) for part in re.findall(r"\d+", sdk)[:3])
    found: list[tuple[tuple[int, ...], Path]] = []
    for folder in plugins.glob("resource-kubernetes-v*"):
        match = _FOLDER.match(folder.name)
        if match and os.access(folder / PLUGIN, os.X_OK):
            found.append((tuple(int(part) for part in match.groups()), folder))
    return max((item for item in found if item[0][0] == wanted[0] and item[0] >= wanted), default=((), None))[1]


def _which(name: str, path: str) -> Path | None:
    found = shutil.which(name, path=path) if path else None
    return Path(found) if found else None


def _is_below(path: Path, own: Path | None) -> bool:
    return own is not None and path.resolve().is_relative_to(own.resolve())
