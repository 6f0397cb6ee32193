"""How a part says that it is ready. A probe asks once, quickly, and says yes or no; who waits brings the deadline."""

from __future__ import annotations

import http.client
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

_SECONDS = 2.0


class Probe(Protocol):
    """A question to a part."""

    def reset(self) -> None:
        """Forget an earlier answer; called before the part starts."""

    def __call__(self) -> bool:
        """Whether the part is ready now."""


@dataclass(frozen=True)
class HttpProbe:
    """HTTP answers 200. A part's own certificate is not checked: only readiness is asked, nothing is sent."""

    port: int
    path: str
    host: str = "127.0.0.1"
    tls: bool = False

    def reset(self) -> None:
        """Nothing to forget."""

    def __call__(self) -> bool:
        """GET the path."""
        connection: http.client.HTTPConnection
        if self.tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            connection = http.client.HTTPSConnection(self.host, self.port, timeout=_SECONDS, context=context)
        else:
            connection = http.client.HTTPConnection(self.host, self.port, timeout=_SECONDS)
        return _answers(connection, self.path)


@dataclass(frozen=True)
class UnixHttpProbe:
    """HTTP on a Unix socket answers 200."""

    socket: Path
    path: str

    def reset(self) -> None:
        """A socket that a killed process left would refuse its successor."""
        self.socket.unlink(missing_ok=True)

    def __call__(self) -> bool:
        """GET the path."""
        return _answers(_UnixConnection(self.socket), self.path)


@dataclass(frozen=True)
class TcpProbe:
    """A TCP connection is accepted."""

    port: int
    host: str = "127.0.0.1"

    def reset(self) -> None:
        """Nothing to forget."""

    def __call__(self) -> bool:
        """Connect and close."""
        try:
            socket.create_connection((self.host, self.port), timeout=_SECONDS).close()
        except OSError:
            return False
        return True


@dataclass(frozen=True)
class FileProbe:
    """A file is there, which the part writes when it is ready."""

    path: Path

    def reset(self) -> None:
        """Remove the file of an earlier run."""
        self.path.unlink(missing_ok=True)

    def __call__(self) -> bool:
        """Look for the file."""
        return self.path.exists()


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def _answers(connection: http.client.HTTPConnection, path: str) -> bool:
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
