"""Certificates in a kubeconfig: shared by threads, left nowhere, and said when they cannot be used."""

from __future__ import annotations

import json
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from kubernetes.config import kube_config

from meshroll.errors import BadInputError, UnavailableError
from meshroll.kube import Kube, complete
from tests.support.kube.certificates import Authority, encoded, openssl
from tests.support.kube.servers import Server, ask, document

THREADS = 8
ROUNDS = 25
USABLE = "; expected certificates in PEM, and a key of the client's without a password"


@pytest.fixture(params=["read here", "read by the official client"], autouse=True)
def reader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who reads a kubeconfig that both can read."""
    if request.param != "read here":
        monkeypatch.setattr(complete, "read", lambda *_: None)


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of temporary files, of this test alone."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


def test_threads_connect_at_once_with_the_same_certificates(strict: Server, authority: Authority) -> None:
    client = authority.issue("client")
    together = threading.Barrier(THREADS)

    def connect(number: int) -> object:
        # Data that nobody has seen before, for it is the first use that is not safe.
        comment = f"\n# round {number}\n".encode()
        cluster = {"certificate-authority-data": encoded(authority.root.certificate.read_bytes() + comment)}
        user = client.data() | {"client-key-data": encoded(client.key.read_bytes() + comment)}
        together.wait()
        try:
            return ask(strict.url, cluster, user)
        except UnavailableError as error:  # the others wait for this thread in the next round
            return str(error)

    with ThreadPoolExecutor(THREADS) as pool:
        answers = list(pool.map(connect, [number for number in range(ROUNDS) for _ in range(THREADS)]))
    assert answers == [{}] * (ROUNDS * THREADS)
    assert strict.asked == [("client", None)] * (ROUNDS * THREADS)


@pytest.mark.parametrize("memory", [True, False], ids=["memory files", "no memory files"])
def test_no_certificate_is_left_in_a_file(
    strict: Server,
    authority: Authority,
    trusted: dict[str, str],
    temporary: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    memory: bool,
) -> None:
    if not memory:
        monkeypatch.delattr(os, "memfd_create")
    known = dict(kube_config._temp_files)
    ask(strict.url, trusted, authority.issue("client").data())
    assert strict.asked == [("client", None)]
    assert list(temporary.iterdir()) == []
    assert kube_config._temp_files == known


def test_no_certificate_of_a_plug_in_is_left_in_a_file(
    strict: Server, authority: Authority, trusted: dict[str, str], temporary: Path, tmp_path: Path
) -> None:
    client = authority.issue("client")
    status = {"clientCertificateData": client.certificate.read_text(), "clientKeyData": client.key.read_text()}
    version = "client.authentication.k8s.io/v1"
    answer = tmp_path / "answer"
    answer.write_text(json.dumps({"apiVersion": version, "kind": "ExecCredential", "status": status}))
    plugin = {"apiVersion": version, "command": "cat", "args": [str(answer)], "interactiveMode": "Never"}
    known = dict(kube_config._temp_files)
    ask(strict.url, trusted, {"exec": plugin})
    assert strict.asked == [("client", None)]
    assert list(temporary.iterdir()) == []
    assert kube_config._temp_files == known


def test_comments_between_certificates_may_be_in_any_script(strict: Server, authority: Authority) -> None:
    bundle = "# 証明書\n".encode() + authority.root.certificate.read_bytes() + "# Ende der Würdigen\n".encode()
    answer = ask(strict.url, {"certificate-authority-data": encoded(bundle)}, authority.issue("client").data())
    assert answer == {}


def refusal(cluster: dict[str, str], user: dict[str, str]) -> str:
    with pytest.raises(BadInputError) as caught:
        Kube.connect(document("https://127.0.0.1:1", cluster, user), "east", "east")
    return str(caught.value)


def test_an_authority_that_is_no_certificate(tmp_path: Path) -> None:
    said = (
        "cluster east: the certificate authority of the kubeconfig cannot be used (it cannot be read as PEM)" + USABLE
    )
    page = tmp_path / "page"
    page.write_text("<html>sign in</html>")
    assert refusal({"certificate-authority-data": encoded(page)}, {}) == said
    assert refusal({"certificate-authority": str(page)}, {}) == said


def test_data_that_is_not_base64() -> None:
    assert refusal({"certificate-authority-data": "x"}, {}) == (
        "cluster east: certificate-authority-data is not base64; expected a kubeconfig that holds the context"
    )


def test_a_client_certificate_that_cannot_be_used(authority: Authority, tmp_path: Path) -> None:
    one, other = authority.issue("one"), authority.issue("other")
    secret = tmp_path / "secret.key"
    openssl("pkcs8", "-topk8", "-in", str(one.key), "-passout", "pass:secret", "-out", str(secret))
    said = [
        refusal({}, {**one.data(), "client-key-data": encoded(other.key)}),
        refusal({}, {**one.data(), "client-key-data": encoded(secret)}),
        refusal({}, {**one.files(), "client-key": str(secret)}),
        refusal({}, {**one.files(), "client-certificate": str(one.key)}),
    ]
    reasons = [
        "its key belongs to another certificate",
        "its key is encrypted",
        "its key is encrypted",
        "it cannot be read as PEM",
    ]
    begin = "cluster east: the client certificate of the kubeconfig cannot be used"
    assert said == [f"{begin} ({reason}){USABLE}" for reason in reasons]
