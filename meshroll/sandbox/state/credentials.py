"""Random credentials of one sandbox: made once, kept in files of mode 0600, never in an argument or a log."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

from meshroll.sandbox.state import files
from meshroll.sandbox.state.home import Home

USER, READER = "meshroll-sandbox", "istiod"
_FILE = "credentials.json"
# The order of the curve P-256: a private key is a number below it.
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@dataclass(frozen=True)
class SandboxCredentials:
    """What the parts prove themselves with: `tokens` are administrators' by cluster, `readers` istiod's."""

    tokens: dict[str, str]
    readers: dict[str, str]
    valkey: str
    argocd_server_key: str

    @classmethod
    def load(cls, home: Home) -> SandboxCredentials:
        """The credentials made so far."""
        empty: dict[str, Any] = {"tokens": {}, "readers": {}, "valkey": "", "argocd_server_key": ""}
        return cls(**empty | files.read_json(home.path / _FILE, {}))

    @classmethod
    def ensure(cls, home: Home, clusters: Sequence[str]) -> SandboxCredentials:
        """Read the sandbox's credentials, making what is missing, and write the files that the parts read."""
        known = cls.load(home)
        made = cls(
            {name: secrets.token_urlsafe(32) for name in clusters} | known.tokens,
            {name: secrets.token_urlsafe(32) for name in clusters} | known.readers,
            known.valkey or secrets.token_urlsafe(32),
            known.argocd_server_key or secrets.token_urlsafe(32),
        )
        files.write_json(home.path / _FILE, asdict(made))
        for cluster in clusters:
            folder = home.cluster(cluster)
            lines = (
                f"{made.tokens[cluster]},{USER},{USER},system:masters\n",
                f"{made.readers[cluster]},{READER},{READER}\n",
            )
            files.write(folder / "users.csv", "".join(lines))
            _once(folder / "service-account.key", ec_private_key)
        return made


def _once(path: Path, make: Callable[[], str]) -> None:
    if not path.exists():
        files.write(path, make())


def ec_private_key() -> str:
    """A new private key on P-256 as PEM (RFC 5915 without the optional public key, which readers compute)."""
    number = 1 + secrets.randbelow(_P256_ORDER - 1)
    prefix, suffix = bytes.fromhex("30310201010420"), bytes.fromhex("a00a06082a8648ce3d030107")
    body = base64.encodebytes(prefix + number.to_bytes(32, "big") + suffix).decode()
    return f"-----BEGIN EC PRIVATE KEY-----\n{body}-----END EC PRIVATE KEY-----\n"


def certificates(home: Home, cluster: str) -> str:
    """The certificate that the API server made for itself at its first start, with its authority, in base64."""
    return base64.b64encode((home.cluster(cluster) / "pki" / "apiserver.crt").read_bytes()).decode()


def kubeconfig(servers: dict[str, tuple[str, str, str]], current: str) -> str:
    """A kubeconfig with a context for each cluster: name -> (URL, certificates in base64, token)."""
    document: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": current,
        "clusters": [
            {"name": name, "cluster": {"server": url, "certificate-authority-data": authority}}
            for name, (url, authority, _) in servers.items()
        ],
        "users": [{"name": name, "user": {"token": token}} for name, (_, _, token) in servers.items()],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}} for name in servers],
    }
    return yaml.safe_dump(document, sort_keys=False)
