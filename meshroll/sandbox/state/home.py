"""Where a sandbox keeps what it must remember, and where the built parts are.

State: `${XDG_STATE_HOME:-~/.local/state}/meshroll/<name>/`, private to its user (0700). Parts:
`${XDG_CACHE_HOME:-~/.cache}/meshroll/parts/`, shared by all sandboxes and outside every checkout.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from meshroll.errors import BadInputError
from meshroll.folders import check, private

STATE_ELSEWHERE = "XDG_STATE_HOME set to a folder of your own"
PARTS_ELSEWHERE = "XDG_CACHE_HOME set to a folder of your own"
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?")
# sockaddr_un holds 108 bytes with the closing zero; the longest name below is "run/argocd-ask-pass.sock".
_SOCKET_LIMIT = 107
_LONGEST_SOCKET = "run/argocd-ask-pass.sock"


def state_root(environ: Mapping[str, str] = os.environ) -> Path:
    """The folder that holds one folder for each sandbox."""
    base = environ.get("XDG_STATE_HOME") or str(Path(environ.get("HOME", "~")).expanduser() / ".local" / "state")
    return Path(base) / "meshroll"


def parts_cache(environ: Mapping[str, str] = os.environ) -> Path:
    """The folder that holds the built parts of all sandboxes."""
    base = environ.get("XDG_CACHE_HOME") or str(Path(environ.get("HOME", "~")).expanduser() / ".cache")
    return Path(base) / "meshroll" / "parts"


@dataclass(frozen=True)
class Home:
    """The paths of one sandbox. Nothing here touches the disk but `check` and `prepare`."""

    root: Path
    name: str

    @classmethod
    def of(cls, name: str, root: Path | None = None) -> Home:
        """The home of a sandbox by name; BadInputError for a name or a folder that cannot be used."""
        if not _NAME.fullmatch(name):
            raise BadInputError(
                f"{name!r} cannot be a sandbox's name",
                where="--name",
                expected="at most 40 lower case letters, digits and inner hyphens",
            )
        home = cls((root or state_root()).absolute(), name)
        if len(os.fsencode(home.path / _LONGEST_SOCKET)) > _SOCKET_LIMIT:
            limit = _SOCKET_LIMIT - len(_LONGEST_SOCKET) - 1
            raise BadInputError(
                "the path is too long to hold Unix sockets", where=str(home.path), expected=f"at most {limit} bytes"
            )
        return home

    @property
    def path(self) -> Path:
        """The sandbox's own folder."""
        return self.root / self.name

    @property
    def lock(self) -> Path:
        """Held by a command that changes the sandbox; beside its folder, so that it outlives a `clean`."""
        return self.root / f".{self.name}.lock"

    @property
    def ports(self) -> Path:
        """The ports of the parts, once chosen."""
        return self.path / "ports.json"

    @property
    def kubeconfig(self) -> Path:
        """The kubeconfig with one context for each cluster."""
        return self.path / "kubeconfig"

    @property
    def repository(self) -> Path:
        """The bare rollout repository."""
        return self.path / "repository" / "rollouts.git"

    def cluster(self, cluster: str) -> Path:
        """The folder of one cluster: its credentials and its own kubeconfig."""
        return self.path / "clusters" / cluster

    def cluster_kubeconfig(self, cluster: str) -> Path:
        """A kubeconfig with this cluster as the current context."""
        return self.cluster(cluster) / "kubeconfig"

    def log(self, part: str) -> Path:
        """The log file of a part."""
        return self.path / "logs" / f"{_flat(part)}.log"

    def pid_file(self, part: str) -> Path:
        """The file that says which process a part is."""
        return self.path / "run" / f"{_flat(part)}.pid"

    def run(self, name: str) -> Path:
        """A socket or a readiness file."""
        return self.path / "run" / name

    def part(self, part: str) -> Path:
        """A part's own folder for data that must survive `down`."""
        return self.path / "parts" / _flat(part)

    @property
    def pulumi(self) -> Path:
        """Pulumi's private home, file backend and passphrase."""
        return self.path / "pulumi"

    def check(self) -> None:
        """Raise BadInputError where others could change what the sandbox runs."""
        check(self.path, STATE_ELSEWHERE)

    def prepare(self) -> None:
        """Make the folders, closed to other users. Raises BadInputError as `check`."""
        private(self.path, STATE_ELSEWHERE)
        for folder in ("clusters", "logs", "run", "parts", "tmp", "home", "bin", "repository", "pulumi/backend"):
            (self.path / folder).mkdir(mode=0o700, parents=True, exist_ok=True)


def _flat(part: str) -> str:
    return part.replace("/", ".")
