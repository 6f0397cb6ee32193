"""Servers on loopback: one with TLS that remembers who asked, and one that does with a connection what a test says."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from meshroll.kube import Kube
from tests.support.kube.certificates import Authority, Pair

LOOPBACK = "127.0.0.1"


def document(server: str, cluster: Mapping[str, Any], user: Mapping[str, Any]) -> dict[str, Any]:
    """A kubeconfig with the one context `east`."""
    return {
        "clusters": [{"name": "c", "cluster": {"server": server, **cluster}}],
        "contexts": [{"name": "east", "context": {"cluster": "c", "user": "u"}}],
        "users": [{"name": "u", "user": dict(user)}],
        "current-context": "east",
    }


def ask(server: str, cluster: Mapping[str, Any], user: Mapping[str, Any], **options: Any) -> Any:
    """Connect and send one request."""
    return Kube.connect(document(server, cluster, user), "east", "east", **options).get_raw("/version")


class Server(ThreadingHTTPServer):
    """Answers `{}` and closes each connection; `asked` has the common name (or None) and token of each who asked."""

    request_queue_size = 50

    def __init__(self, pair: Pair, clients: Authority | None = None, version: ssl.TLSVersion | None = None) -> None:
        super().__init__((LOOPBACK, 0), _Handler)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(pair.certificate, pair.key)
        if version:
            self.context.minimum_version = self.context.maximum_version = version
        if clients:
            self.context.load_verify_locations(clients.root.certificate)
            self.context.verify_mode = ssl.CERT_REQUIRED
        self.asked: list[tuple[str | None, str | None]] = []
        self.url = f"https://{LOOPBACK}:{self.server_port}"

    def finish_request(self, request: Any, client_address: Any) -> None:
        with self.context.wrap_socket(request, server_side=True, do_handshake_on_connect=False) as connection:
            try:
                connection.do_handshake()
            except OSError:
                # Closing before the client has sent its request would reset the connection, and lose the alert.
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_WR)
                    drain(connection)
                return
            super().finish_request(connection, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: Server
    connection: ssl.SSLSocket

    def do_GET(self) -> None:
        subject: Any = (self.connection.getpeercert() or {}).get("subject", ())
        names = dict(part[0] for part in subject)
        self.server.asked.append((names.get("commonName"), self.headers.get("authorization")))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        return


@contextmanager
def serving(server: Server) -> Iterator[Server]:
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def listening(talk: Callable[[socket.socket], None]) -> Iterator[int]:
    """The port of a server that talks to the first who connects, then closes."""
    with socket.create_server((LOOPBACK, 0)) as listener:

        def accept() -> None:
            with suppress(OSError):
                connection, _ = listener.accept()
                with connection:
                    talk(connection)

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def drain(connection: socket.socket) -> None:
    """Read until the other side closes; nothing is answered."""
    while connection.recv(65536):
        pass
