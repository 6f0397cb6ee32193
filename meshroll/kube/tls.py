"""Certificates of a kubeconfig: kept in memory, given to OpenSSL as files only while a connection is made."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, NoReturn

import urllib3

from meshroll.errors import BadInputError

OPEN_FILES = Path("/proc/self/fd")


@dataclass(frozen=True, repr=False)
class ClientCertificate:
    """A client's certificate chain and its key, each as PEM (bytes) or as the path of a file (str).

    Without a key, the certificate's file holds it too.
    """

    certificate: str | bytes
    key: str | bytes | None

    @contextmanager
    def files(self) -> Iterator[tuple[str, str | None]]:
        """Paths from which OpenSSL can read both as long as the block lasts."""
        with ExitStack() as stack:
            certificate = stack.enter_context(_file(self.certificate))
            yield certificate, stack.enter_context(_file(self.key)) if self.key else None


def present(manager: urllib3.PoolManager, client: ClientCertificate) -> None:
    """Let new https connections of a manager show a client certificate; its files are read at every connection."""
    usual = manager.pool_classes_by_scheme["https"]

    class Connection(usual.ConnectionCls):  # type: ignore[name-defined, misc]
        def connect(self) -> None:
            with client.files() as (self.cert_file, self.key_file):
                super().connect()

    class Pool(usual):  # type: ignore[valid-type, misc]
        ConnectionCls = Connection

    manager.pool_classes_by_scheme = {**manager.pool_classes_by_scheme, "https": Pool}


def check(where: str, file: str | None, data: str | None, client: ClientCertificate | None) -> None:
    """Raise BadInputError when OpenSSL cannot use a kubeconfig's certificates; `where` is the cluster.

    The authorities are in a file or in PEM data; without both OpenSSL's own count.
    OpenSSL would say it at the first connection only, and ask on the terminal for the password of an encrypted key.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        if file or data:
            context.load_verify_locations(file, cadata=data)
    except OSError as error:
        raise _unusable("certificate authority", error, where) from error
    try:
        if client:
            with client.files() as (certificate, key):
                context.load_cert_chain(certificate, key, _no_password)
    except (OSError, ValueError) as error:
        raise _unusable("client certificate", error, where) from error


def _no_password() -> NoReturn:
    raise ValueError("its key is encrypted")


def _unusable(what: str, error: OSError | ValueError, where: str) -> BadInputError:
    if not isinstance(error, ssl.SSLError):
        reason = getattr(error, "strerror", None) or str(error)
    elif error.reason == "KEY_VALUES_MISMATCH":
        reason = "its key belongs to another certificate"
    else:
        reason = "it cannot be read as PEM"
    expected = "certificates in PEM, and a key of the client's without a password"
    return BadInputError(f"the {what} of the kubeconfig cannot be used ({reason})", where=where, expected=expected)


@contextmanager
def _file(content: str | bytes) -> Iterator[str]:
    if isinstance(content, str):
        yield content
        return
    with _file_in_memory() or NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        yield file.name if isinstance(file.name, str) else str(OPEN_FILES / str(file.name))


def _file_in_memory() -> IO[bytes] | None:
    """A file that is in no folder and gone once it is closed; None on a system without such files."""
    if not OPEN_FILES.is_dir():
        return None
    try:
        return os.fdopen(os.memfd_create("certificate"), "wb")
    except (AttributeError, OSError):
        return None
