"""Credentials that a program gives: its answers, its failures, and threads that need it at once."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml

from meshroll.errors import UnavailableError
from meshroll.kube import Kube
from tests.support.kube.certificates import Authority
from tests.support.kube.servers import Server, ask, document

VERSION = "client.authentication.k8s.io/v1"
PAST, FUTURE = "2020-01-01T00:00:00Z", "2999-01-01T00:00:00Z"


def plugin(folder: Path, *statuses: dict[str, str]) -> dict[str, Any]:
    """A user whose plug-in gives one status after the other, and the last one from then on.

    It writes a line into `runs` each time, `overlaps` when it runs twice at once, and `info` with what it is told.
    """
    for number, status in enumerate(statuses, 1):
        credential = {"apiVersion": VERSION, "kind": "ExecCredential", "status": status}
        (folder / f"{number}.json").write_text(json.dumps(credential))
    script = folder / "plugin"
    script.write_text(
        f"#!/bin/sh\ncd {folder}\n"
        "mkdir running || touch overlaps\n"
        'printf "%s" "$KUBERNETES_EXEC_INFO" > info\n'
        "echo run >> runs\n"
        f"number=$(wc -l < runs)\n[ $number -lt {len(statuses)} ] || number={len(statuses)}\n"
        "cat $((number)).json\nrmdir running\n"
    )
    script.chmod(0o755)
    return {"exec": {"apiVersion": VERSION, "command": str(script), "provideClusterInfo": True}}


def test_a_plug_in_gives_a_token_and_is_told_of_the_cluster(
    server: Server, trusted: dict[str, str], tmp_path: Path
) -> None:
    ask(server.url, trusted, plugin(tmp_path, {"token": "secret"}))
    assert server.asked == [(None, "Bearer secret")]
    told = json.loads((tmp_path / "info").read_text())
    assert told["spec"]["cluster"] == {"server": server.url, **trusted}


def test_a_plug_ins_certificate_goes_before_the_users(
    strict: Server, authority: Authority, trusted: dict[str, str], tmp_path: Path
) -> None:
    given, other = authority.issue("given"), authority.issue("other")
    status = {"clientCertificateData": given.certificate.read_text(), "clientKeyData": given.key.read_text()}
    ask(strict.url, trusted, {**plugin(tmp_path, status), **other.data()})
    assert strict.asked == [("given", None)]


def test_a_token_that_expires_is_renewed_once_for_all_threads(
    server: Server, trusted: dict[str, str], tmp_path: Path
) -> None:
    old = {"token": "old", "expirationTimestamp": PAST}
    user = plugin(tmp_path, old, {"token": "new", "expirationTimestamp": FUTURE})
    kube = Kube.connect(document(server.url, trusted, user), "east")
    together = threading.Barrier(8)

    def request(_: int) -> None:
        together.wait()
        kube.get_raw("/version")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(request, range(8)))
    assert server.asked == [(None, "Bearer new")] * 8
    assert (tmp_path / "runs").read_text() == "run\n" * 2


def test_plug_ins_of_several_connections_run_one_after_the_other(
    server: Server, trusted: dict[str, str], tmp_path: Path
) -> None:
    user = plugin(tmp_path, {"token": "secret", "expirationTimestamp": PAST})
    together = threading.Barrier(8)

    def connect(_: int) -> None:
        together.wait()
        ask(server.url, trusted, user)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(connect, range(8)))
    assert server.asked == [(None, "Bearer secret")] * 8
    assert (tmp_path / "runs").read_text() == "run\n" * 16
    assert not (tmp_path / "overlaps").exists()


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["sh", "-c", r"printf 'no\n\nsession' >&2; exit 3"], "failed (process returned 3. no session)"),
        (["sh", "-c", "echo '{}'"], "failed (malformed response. missing key 'apiVersion')"),
        (["no-such-plugin"], "failed ([Errno 2] No such file or directory: 'no-such-plugin')"),
        (
            ["echo", json.dumps({"apiVersion": VERSION, "kind": "ExecCredential", "status": {}})],
            "gives no clientCertificateData",
        ),
    ],
    ids=["fails", "answers nothing", "is not there", "gives nothing"],
)
def test_a_plug_in_that_gives_no_credential(command: list[str], said: str) -> None:
    user = {"exec": {"apiVersion": VERSION, "command": command[0], "args": command[1:]}}
    with pytest.raises(UnavailableError) as caught:
        Kube.connect(document("https://127.0.0.1:1", {}, user), "east", "east")
    assert str(caught.value) == f"cluster east: its credential plug-in {said}"


def test_a_plug_in_that_fails_later_is_said_by_the_request(
    server: Server, trusted: dict[str, str], tmp_path: Path
) -> None:
    user = plugin(tmp_path, {"token": "old", "expirationTimestamp": PAST})
    kube = Kube.connect(document(server.url, trusted, user), "east", "east")
    Path(user["exec"]["command"]).write_text("#!/bin/sh\necho no session >&2\nexit 1\n")
    with pytest.raises(UnavailableError) as caught:
        kube.get_raw("/version")
    assert str(caught.value) == "cluster east: its credential plug-in failed (process returned 1. no session)"
    assert server.asked == []


def test_a_token_that_is_written_into_the_kubeconfig_leaves_the_rest_as_it_was(
    server: Server, trusted: dict[str, str], tmp_path: Path
) -> None:
    answer, file = tmp_path / "answer", tmp_path / "config"
    answer.write_text(json.dumps({"credential": {"access_token": "new", "token_expiry": FUTURE}}))
    command = {"cmd-path": "cat", "cmd-args": str(answer)}
    file.write_text(yaml.safe_dump(document(server.url, trusted, gcp(command))))
    Kube.connect(file, "east").get_raw("/version")
    assert server.asked == [(None, "Bearer new")]
    renewed = gcp({**command, "access-token": "new", "expiry": FUTURE})
    assert yaml.safe_load(file.read_text()) == document(server.url, trusted, renewed)


def test_a_token_that_cannot_be_renewed_is_said_by_the_request(
    server: Server, trusted: dict[str, str], tmp_path: Path
) -> None:
    command = tmp_path / "command"
    answer = json.dumps({"credential": {"access_token": "old", "token_expiry": PAST}})
    command.write_text(f"#!/bin/sh\necho '{answer}'\n")
    command.chmod(0o755)
    kube = Kube.connect(document(server.url, trusted, gcp({"cmd-path": str(command)})), "east", "east")
    command.write_text("#!/bin/sh\necho no session >&2\nexit 1\n")
    with pytest.raises(UnavailableError) as caught:
        kube.get_raw("/version")
    assert str(caught.value) == (
        "cluster east: its credential cannot be renewed "
        f"(cmd-path: process returned 1 Cmd: {command} Stderr: no session)"
    )


def gcp(settings: dict[str, str]) -> dict[str, Any]:
    return {"auth-provider": {"name": "gcp", "config": settings}}
