"""A process is told apart from another that got its id."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from meshroll.errors import UnavailableError
from meshroll.sandbox.supervision import process
from meshroll.sandbox.supervision.process import Identity

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


def started(tmp_path: Path, command: list[str] = SLEEP) -> Identity:
    return process.spawn(command, {"PATH": os.defpath}, f"{tmp_path}:part", tmp_path / "part.log", tmp_path)


def stat(name: str, state: str = "S", threads: int = 1) -> str:
    # pid (comm) state ppid pgrp session tty tpgid flags minflt cminflt majflt cmajflt utime stime cutime cstime
    # priority nice num_threads itrealvalue starttime
    return f"7 ({name}) {state} 1 7 7 0 -1 4194560 1 0 0 0 1 1 0 0 20 0 {threads} 0 4242 1 1"


@pytest.mark.parametrize("name", ["etcd", "a b", "odd) S 1 (x"])
def test_the_start_time_is_read_whatever_the_program_is_called(name: str) -> None:
    assert process.parse_stat(stat(name)) == 4242


def test_a_process_that_only_waits_to_be_reaped_has_ended_but_not_while_a_thread_lives() -> None:
    assert process.parse_stat(stat("x", "Z")) is None
    assert process.parse_stat(stat("x", "Z", threads=5)) == 4242


def test_a_pending_kill_is_told_from_other_signals() -> None:
    status = "Name:\tetcd\nThreads:\t7\nSigPnd:\t0000000000000100\nShdPnd:\t{:016x}\nSigBlk:\t0000000000000100\n"
    assert process.parse_killed(status.format(0x100))
    assert process.parse_killed(status.format(0x4100))
    assert not process.parse_killed(status.format(0x4000))
    assert not process.parse_killed("Name:\tetcd\n")


def test_a_killed_process_does_not_run_from_the_moment_of_its_kill(tmp_path: Path) -> None:
    identity = started(tmp_path)
    assert identity.running
    os.kill(identity.pid, signal.SIGKILL)
    assert not identity.running
    process.end([identity], grace=5)


def test_a_reused_id_is_another_process() -> None:
    me = Identity(os.getpid(), process.start_ticks(os.getpid()) or 0, process.boot_id())
    assert me.alive
    assert not replace(me, started=me.started + 1).alive
    assert not replace(me, boot="another").alive


def test_a_detached_process_is_remembered_found_by_its_mark_and_ended(tmp_path: Path) -> None:
    identity = started(tmp_path)
    identity.store(tmp_path / "part.pid")
    assert Identity.load(tmp_path / "part.pid") == identity
    assert os.getsid(identity.pid) == identity.pid
    assert process.marked(f"{tmp_path}:") == {f"{tmp_path}:part": [identity]}
    process.end([identity], grace=5)
    assert not identity.alive


def test_another_process_of_the_same_id_is_never_signalled(tmp_path: Path) -> None:
    identity = started(tmp_path)
    process.end([replace(identity, started=identity.started + 1)], grace=0)
    assert identity.alive
    process.end([identity], grace=5)


def test_a_process_that_ignores_the_request_is_killed(tmp_path: Path) -> None:
    stubborn = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('on', flush=True); time.sleep(60)"
    )
    identity = started(tmp_path, [sys.executable, "-c", stubborn])
    deadline = time.monotonic() + 10
    while not process.tail(tmp_path / "part.log", 1) and time.monotonic() < deadline:
        time.sleep(0.02)
    process.end([identity], grace=0.1)
    assert not identity.alive


def test_a_program_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match=r"^/none/such: cannot be started: No such file or directory$"):
        started(tmp_path, ["/none/such"])


def test_no_pid_file_names_no_process(tmp_path: Path) -> None:
    assert Identity.load(tmp_path / "none.pid") is None


def test_the_end_of_a_log_is_its_last_lines(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("one\ntwo\nthree\n")
    assert process.tail(tmp_path / "a.log", 2) == ["two", "three"]
    assert process.tail(tmp_path / "none.log", 2) == []


def test_an_ended_child_leaves_no_zombie(tmp_path: Path) -> None:
    identity = started(tmp_path)
    os.kill(identity.pid, signal.SIGKILL)
    deadline = time.monotonic() + 5
    while identity.alive and time.monotonic() < deadline:
        time.sleep(0.02)
    process.reap(identity)
    assert subprocess.run(["ps", "-p", str(identity.pid)], capture_output=True, check=False).returncode == 1
