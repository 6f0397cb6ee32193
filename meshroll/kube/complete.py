"""Contexts that hold all that a request needs: an https address, its authorities, and a token or a certificate.

Nothing is refused here: what is missing, wrong or more than that is the official client's to read and to name.
"""

from __future__ import annotations

import base64
import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.request import getproxies

import urllib3
import yaml

from meshroll.kube.access import Access
from meshroll.kube.tls import ClientCertificate, check, present

_CLUSTER: Final = {"server", "certificate-authority-data"}
_TOKEN: Final = {"token"}
_CERTIFICATE: Final = {"client-certificate-data", "client-key-data"}
_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_CONNECTIONS_A_PROCESSOR: Final = 5  # that are kept, as many as the official client keeps


@dataclass(frozen=True)
class Complete:
    """An address, its authorities (PEM), and what shows who asks."""

    server: str
    authority: str
    token: str | None = field(repr=False)
    client: ClientCertificate | None

    def access(self, where: str) -> Access:
        """Connections of this context. Raises BadInputError when OpenSSL cannot use a certificate."""
        check(where, None, self.authority, self.client)
        manager = urllib3.PoolManager(
            cert_reqs=ssl.CERT_REQUIRED,
            ca_cert_data=self.authority,
            retries=False,
            maxsize=(os.cpu_count() or 1) * _CONNECTIONS_A_PROCESSOR,
        )
        if self.client:
            present(manager, self.client)
        header = f"Bearer {self.token}" if self.token else None
        return Access(self.server, manager, lambda: header)


def read(source: str | Mapping[str, Any], context: str | None) -> Complete | None:
    """The context of a file or of its document; None unless it is complete and no proxy is between."""
    if getproxies().keys() - {"no"}:
        return None
    try:
        document = source if isinstance(source, Mapping) else _document(source)
        chosen = _named(document, "context", context or document["current-context"])
        return _complete(_named(document, "cluster", chosen["cluster"]), _named(document, "user", chosen["user"]))
    except (OSError, RuntimeError, yaml.YAMLError, LookupError, TypeError, ValueError):
        return None


def _document(path: str) -> Any:
    if os.pathsep in path:
        raise ValueError("several files")
    return yaml.load(Path(path).expanduser().read_bytes(), Loader=_LOADER)  # noqa: S506 - a safe one


def _named(document: Mapping[str, Any], kind: str, name: str) -> Mapping[str, Any]:
    """The one entry of this kind and name. Raises ValueError when there are more or none."""
    (found,) = [entry for entry in document[f"{kind}s"] if entry["name"] == name]
    value: Mapping[str, Any] = found[kind]
    return value


def _complete(cluster: Mapping[str, Any], user: Mapping[str, Any]) -> Complete | None:
    texts = [*cluster.values(), *user.values()]
    known = cluster.keys() == _CLUSTER and user.keys() in (_TOKEN, _CERTIFICATE)
    if not (known and all(isinstance(text, str) and text for text in texts)):
        return None
    server = cluster["server"].rstrip("/")
    if not server.startswith("https://"):
        return None
    # Certificates are ASCII; the comments between them need not be.
    authority = base64.standard_b64decode(cluster["certificate-authority-data"]).decode("ascii", errors="ignore")
    client = None if "token" in user else ClientCertificate(*(_decoded(user, key) for key in ("certificate", "key")))
    return Complete(server, authority, user.get("token"), client)


def _decoded(user: Mapping[str, Any], key: str) -> bytes:
    return base64.standard_b64decode(user[f"client-{key}-data"])
