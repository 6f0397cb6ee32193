"""What a kubeconfig may say of a cluster and its user, against servers with TLS."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from pathlib import Path

import pytest
import yaml

from meshroll.errors import BadInputError
from meshroll.kube import Kube
from tests.support.kube.certificates import Authority, encoded
from tests.support.kube.servers import LOOPBACK, Server, ask, document, listening, serving


def save(file: Path, content: object) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(yaml.safe_dump(content))
    return file


def test_files_are_named_from_the_kubeconfigs_folder(strict: Server, authority: Authority, tmp_path: Path) -> None:
    files = {"client-certificate": "../authority/client.crt", "client-key": "../authority/client.key"}
    authority.issue("client")
    file = save(
        tmp_path / "kube" / "config", document(strict.url, {"certificate-authority": "../authority/root.crt"}, files)
    )
    assert Kube.connect(file, "east").get_raw("/version") == {}
    assert strict.asked == [("client", None)]


def test_a_key_in_a_file_belongs_to_a_certificate_given_as_data(
    strict: Server, authority: Authority, trusted: dict[str, str]
) -> None:
    client = authority.issue("client")
    user = {"client-certificate-data": encoded(client.certificate), "client-key": str(client.key)}
    assert ask(strict.url, trusted, user) == {}
    assert strict.asked == [("client", None)]


def test_a_certificate_that_is_exchanged_in_its_files_is_shown_next(
    strict: Server, authority: Authority, trusted: dict[str, str]
) -> None:
    first, second = authority.issue("first"), authority.issue("second")
    kube = Kube.connect(document(strict.url, trusted, first.files()), "east")
    kube.get_raw("/version")
    second.certificate.replace(first.certificate)
    second.key.replace(first.key)
    kube.get_raw("/version")
    assert strict.asked == [("first", None), ("second", None)]


def test_several_files_of_the_environment_are_one(
    server: Server, trusted: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = document(server.url, trusted, {"token": "secret"})
    one = save(tmp_path / "one", {"clusters": whole["clusters"]})
    other = save(tmp_path / "other", {key: whole[key] for key in ("contexts", "users", "current-context")})
    monkeypatch.setenv("KUBECONFIG", f"{one}:{other}")
    assert Kube.connect(None, None).get_raw("/version") == {}
    assert server.asked == [(None, "Bearer secret")]
    with pytest.raises(BadInputError) as caught:
        Kube.connect(tmp_path / "none", None, "east")
    assert str(caught.value) == (
        "cluster east: Invalid kube-config file. No configuration found.; expected a kubeconfig that holds the context"
    )


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
def test_a_server_is_not_verified_where_the_kubeconfig_says_so(server: Server) -> None:
    assert ask(server.url, {"insecure-skip-tls-verify": True}, {"token": "secret"}) == {}


def test_a_server_may_have_another_name_than_its_address(authority: Authority, trusted: dict[str, str]) -> None:
    with serving(Server(authority.issue("elsewhere", address="192.0.2.1"))) as server:
        assert ask(server.url, {**trusted, "tls-server-name": "192.0.2.1"}, {"token": "secret"}) == {}


def test_a_client_certificate_passes_a_proxy(
    strict: Server, authority: Authority, trusted: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    asked: list[list[bytes]] = []

    def pass_on(client: socket.socket) -> None:
        asked.append(client.recv(65536).split()[:2])
        with socket.create_connection((LOOPBACK, strict.server_port)) as target:
            client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            back = threading.Thread(target=copy, args=(target, client))
            back.start()
            copy(client, target)
            back.join()

    with listening(pass_on) as port:
        cluster = {**trusted, "proxy-url": f"http://{LOOPBACK}:{port}"}
        assert ask(strict.url, cluster, authority.issue("client").data()) == {}
    assert asked == [[b"CONNECT", f"{LOOPBACK}:{strict.server_port}".encode()]]
    assert strict.asked == [("client", None)]


def copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):  # either side may have gone
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
