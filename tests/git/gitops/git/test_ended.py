"""A signal that ends a command, even one that cannot be caught, leaves neither a process nor a key behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from meshroll.gitops.git import open_cache
from tests.support.checkout import CHECKOUT
from tests.support.git.repositories import Repository

SECONDS = 20.0
KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0\n-----END OPENSSH PRIVATE KEY-----\n"
PLAN = """
import sys
from pathlib import Path
from meshroll.gitops.git import Remote
from meshroll.gitops.planners import plan_rendered
remote = Remote(sys.argv[1], "main", ssh_key=sys.argv[3])
plan_rendered(remote, "live", {"a": {"rollout.yaml": ""}}, cache=Path(sys.argv[2]))
"""
# It says who it is and what key it was given, and then waits as for a server that is silent.
SSH = """#!/bin/sh
for word in "$@"; do case "$word" in /proc/*|*.key) cp "$word" "{seen}.key"; echo "$word" >"{seen}.name" ;; esac; done
echo $$ >"{seen}"
echo >"{started}"
exec sleep 600
"""


@pytest.fixture
def seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where a stand-in for ssh writes its process id; it is ended with the test."""
    made = tmp_path / "seen"
    os.mkfifo(tmp_path / "started")
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "ssh"
    program.write_text(SSH.format(seen=made, started=tmp_path / "started"))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
    yield made
    if made.exists() and psutil.pid_exists(number := int(made.read_text())):
        os.kill(number, signal.SIGKILL)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGINT])
def test_git_and_ssh_end_with_the_process_and_the_key_is_in_no_file(
    repository: Repository, seen: Path, number: signal.Signals
) -> None:
    command = [sys.executable, "-c", PLAN, "ssh://git@127.0.0.1/a.git", str(repository.cache), KEY]
    with subprocess.Popen(command, cwd=CHECKOUT, stderr=subprocess.DEVNULL) as planning:
        seen.with_name("started").read_text()  # waits for it
        started = psutil.Process(planning.pid).children(recursive=True)
        planning.send_signal(number)
    assert int(seen.read_text()) in [process.pid for process in started]
    _, alive = psutil.wait_procs(started, timeout=SECONDS)
    assert alive == []
    assert seen.with_name("seen.key").read_text() == KEY  # which ssh could read
    assert not Path(seen.with_name("seen.name").read_text().strip()).exists()
    assert [
        path for path in repository.cache.rglob("*") if path.is_file() and b"PRIVATE KEY" in path.read_bytes()
    ] == []


def test_what_a_command_left_running_on_purpose_goes_on(repository: Repository, tmp_path: Path) -> None:
    """Such as the daemon of `git credential-cache`, which a helper starts."""
    pid = tmp_path / "pid"
    helper = tmp_path / "helper"
    helper.write_text(f"#!/bin/sh\nsleep 600 >/dev/null 2>&1 </dev/null &\necho $! >{pid}\n")
    helper.chmod(0o755)
    (tmp_path / "gitconfig").write_text(f"[credential]\n\thelper = {helper}\n")
    with open_cache(repository.remote, repository.cache) as git:
        git.run("credential", "fill", stdin=b"protocol=https\nhost=localhost\n\n")
    left = psutil.Process(int(pid.read_text()))
    try:
        assert left.status() != psutil.STATUS_ZOMBIE
    finally:
        left.kill()
