"""What is said when a server gives no answer, each by a real connection."""

from __future__ import annotations

import socket
import ssl
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from meshroll.errors import UnavailableError
from tests.support.kube.certificates import Authority, encoded
from tests.support.kube.servers import LOOPBACK, Server, ask, drain, listening, serving

# Longer than a name may be: it fails without a question to a server of names.
NO_NAME = ".".join(["name" * 15] * 5)
BEGINNING = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"


def failure(
    server: str, cluster: dict[str, str] | None = None, user: dict[str, str] | None = None, **options: float
) -> str:
    """What is said of a request to a cluster named east."""
    with pytest.raises(UnavailableError) as caught:
        ask(server, cluster or {}, user or {"token": "t"}, **options)
    return str(caught.value)


def after_a_request(
    answer: bytes = b"", then: Callable[[socket.socket], None] | None = None
) -> Callable[[socket.socket], None]:
    def talk(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(answer)
        if then:
            then(connection)

    return talk


def reset(connection: socket.socket) -> None:
    """Let closing send a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def test_a_port_without_a_server_refuses() -> None:
    with socket.socket() as bound:
        bound.bind((LOOPBACK, 0))
        server = f"https://{LOOPBACK}:{bound.getsockname()[1]}"
        assert failure(server) == f"cluster east: {server} cannot be reached ([Errno 111] Connection refused)"


def test_a_name_that_nobody_knows() -> None:
    server = f"https://{NO_NAME}:6443"
    assert failure(server) == f"cluster east: {server} cannot be reached (its name cannot be resolved)"


@pytest.mark.parametrize(
    ("talk", "said"),
    [
        (after_a_request(then=reset), "cannot be reached ([Errno 104] Connection reset by peer)"),
        (after_a_request(), "cannot be reached (it closed the connection without an answer)"),
        (after_a_request(BEGINNING), "cannot be reached (its answer broke off)"),
        (after_a_request(b"SSH-2.0-OpenSSH_9.9\r\n"), "cannot be reached (it does not answer in HTTP)"),
    ],
    ids=["resets", "closes", "breaks off", "speaks something else"],
)
def test_a_server_that_does_not_answer(talk: Callable[[socket.socket], None], said: str) -> None:
    with listening(talk) as port:
        server = f"http://{LOOPBACK}:{port}"
        assert failure(server) == f"cluster east: {server} {said}"


@pytest.mark.parametrize("talk", [drain, after_a_request(BEGINNING, drain)], ids=["is silent", "falls silent"])
def test_a_server_that_is_silent(talk: Callable[[socket.socket], None]) -> None:
    with listening(talk) as port:
        server = f"http://{LOOPBACK}:{port}"
        assert failure(server, read_seconds=0.25) == f"cluster east: {server} did not answer within 0.25 s"


@pytest.mark.parametrize(
    ("answer", "said"),
    [(b"SSH-2.0-OpenSSH_9.9\r\n", "it does not speak TLS"), (b"", "it closed the connection during TLS")],
)
def test_a_server_that_does_not_get_through_tls(answer: bytes, said: str) -> None:
    with listening(after_a_request(answer)) as port:
        server = f"https://{LOOPBACK}:{port}"
        assert failure(server) == f"cluster east: {server} cannot be reached ({said})"


def test_a_server_that_is_silent_before_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("meshroll.kube.http.CONNECT_SECONDS", 0.25)
    with listening(drain) as port:
        server = f"https://{LOOPBACK}:{port}"
        assert failure(server) == f"cluster east: {server} did not answer within 0.25 s"


def test_a_server_that_accepts_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("meshroll.kube.http.CONNECT_SECONDS", 0.25)
    # The kernel answers nothing once as many as the backlog wait; it holds one more than asked for.
    with socket.create_server((LOOPBACK, 0), backlog=0) as full, socket.create_connection(full.getsockname()):
        server = f"http://{LOOPBACK}:{full.getsockname()[1]}"
        assert failure(server) == f"cluster east: {server} cannot be reached (no connection within 0.25 s)"


@pytest.mark.parametrize(
    ("address", "days", "reason"),
    [
        ("127.0.0.1", -1, "certificate has expired"),
        ("127.0.0.9", 2, "IP address mismatch, certificate is not valid for '127.0.0.1'"),
    ],
)
def test_a_servers_certificate_that_is_not_valid(tmp_path: Path, address: str, days: int, reason: str) -> None:
    authority = Authority.make(tmp_path / "authority")
    trusted = {"certificate-authority-data": encoded(authority.root.certificate)}
    with serving(Server(authority.issue("server", address, days))) as server:
        said = failure(server.url, trusted)
        assert said == f"cluster east: the certificate of {server.url} is not accepted ({reason})"


def test_a_servers_certificate_of_another_authority(tmp_path: Path) -> None:
    one, other = Authority.make(tmp_path / "one"), Authority.make(tmp_path / "other")
    with serving(Server(one.issue("server"))) as server:
        said = failure(server.url, {"certificate-authority": str(other.root.certificate)})
        reason = "unable to get local issuer certificate"
        assert said == f"cluster east: the certificate of {server.url} is not accepted ({reason})"


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_client_certificate_that_the_server_does_not_accept(tmp_path: Path, version: ssl.TLSVersion) -> None:
    authority, other = Authority.make(tmp_path / "one"), Authority.make(tmp_path / "other")
    trusted = {"certificate-authority-data": encoded(authority.root.certificate)}
    with serving(Server(authority.issue("server"), clients=authority, version=version)) as server:
        unknown = failure(server.url, trusted, other.issue("client").data())
        expired = failure(server.url, trusted, authority.issue("client", days=-1).data())
    refused = f"cluster east: the client certificate is not accepted by {server.url}"
    assert (unknown, expired) == (f"{refused} (unknown ca)", f"{refused} (certificate expired)")


def test_a_server_that_asks_for_a_client_certificate(tmp_path: Path) -> None:
    authority = Authority.make(tmp_path / "authority")
    trusted = {"certificate-authority-data": encoded(authority.root.certificate)}
    with serving(Server(authority.issue("server"), clients=authority)) as server:
        said = failure(server.url, trusted)
        assert said == f"cluster east: {server.url} asks for a client certificate and the kubeconfig has none"


def test_a_proxy_that_cannot_be_reached_and_one_that_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with socket.socket() as bound:
        bound.bind((LOOPBACK, 0))
        away = failure("https://east.example", {"proxy-url": f"http://{LOOPBACK}:{bound.getsockname()[1]}"})
    with listening(after_a_request(b"HTTP/1.1 403 Forbidden\r\n\r\n")) as port:
        refused = failure("https://east.example", {"proxy-url": f"http://{LOOPBACK}:{port}"})
    assert (away, refused) == (
        "cluster east: the proxy of https://east.example cannot be reached ([Errno 111] Connection refused)",
        "cluster east: https://east.example cannot be reached (its proxy answers 403 Forbidden)",
    )


def test_an_answer_that_is_no_object_comes_from_no_api_server() -> None:
    with listening(after_a_request(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]")) as port:
        said = failure(f"http://{LOOPBACK}:{port}")
    assert said == "cluster east: it does not answer in JSON: something else than an API server?"
