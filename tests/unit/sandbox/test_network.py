"""A network of a sandbox's own: reached from inside it alone."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from meshroll.errors import BadInputError
from meshroll.sandbox import Home, Sandbox, network
from meshroll.sandbox.supervision import process
from tests.support.processes import listens

ENTER = "import sys; from meshroll.cli import main; sys.argv = ['meshroll', *sys.argv[1:]]; sys.exit(main())"
SERVE = """
import socket, sys
with socket.create_server(("127.0.0.1", 0)) as server:
    print(server.getsockname()[1], flush=True)
    sys.stdin.read()
"""
CONNECT = "import socket, sys; socket.create_connection(('127.0.0.1', int(sys.argv[1]))); print('connected')"
ALLOWED = subprocess.run(["unshare", "--map-current-user", "--net", "true"], check=False, capture_output=True)
needs_namespaces = pytest.mark.skipif(ALLOWED.returncode != 0, reason="this machine allows no user namespaces")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    yield Home.of("own")
    process.end([each for group in process.marked(f"{Home.of('own').path}:").values() for each in group], 0.0)


def entering(*command: str) -> list[str]:
    return [sys.executable, "-c", ENTER, "sandbox", "--name", "own", "enter", *command]


def inside(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(entering(*command), capture_output=True, text=True, check=False)


@needs_namespaces
def test_what_listens_in_it_is_reached_by_what_enters_it_and_by_nothing_else(home: Home) -> None:
    pipe = subprocess.PIPE
    with subprocess.Popen(entering(sys.executable, "-c", SERVE), stdin=pipe, stdout=pipe, text=True) as server:
        assert server.stdout is not None
        port = server.stdout.readline().strip()
        assert inside(sys.executable, "-c", CONNECT, port).stdout == "connected\n"
        assert not listens("127.0.0.1", int(port))
        server.communicate()
    assert home.run("network.ready").exists()


@needs_namespaces
def test_a_command_in_it_is_the_same_user_and_ends_with_its_own_code(home: Home) -> None:
    done = inside("sh", "-c", "id -u; pwd; exit 3")
    assert (done.stdout, done.returncode) == (f"{os.getuid()}\n{Path.cwd()}\n", 3)


@needs_namespaces
def test_a_command_outside_it_says_where_the_sandbox_is(home: Home) -> None:
    assert inside("true").returncode == 0
    with pytest.raises(BadInputError) as caught:
        Sandbox("own").up()
    assert str(caught.value) == (
        "sandbox own: it has a network of its own, which this command is not in; expected "
        "`meshroll sandbox --name own enter COMMAND`, or `meshroll sandbox --name own down` first"
    )
    assert not network.is_inside(home)


def test_parts_that_run_outside_it_are_not_left_there(home: Home) -> None:
    home.prepare()
    process.spawn(["sleep", "1000"], {"PATH": os.environ["PATH"]}, f"{home.path}:etcd", home.log("etcd"), home.path)
    done = inside("true")
    assert (done.returncode, done.stderr) == (
        2,
        "meshroll: sandbox own: its parts run in the machine's network; expected `meshroll sandbox --name own down`\n",
    )


def test_without_the_tool_it_says_which(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(home.root))
    with pytest.raises(BadInputError) as caught:
        network.enter(home, ["true"])
    assert str(caught.value) == "sandbox own: `unshare` is not on PATH; expected util-linux 2.38 or newer"
