import sys
import threading
from pathlib import Path

import pytest

from meshroll.sandbox.workloads import processes

SLEEP = (sys.executable, "-c", "import time; time.sleep(60)")
STUBBORN = (
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('armed', flush=True); time.sleep(60)",
)


def test_a_process_is_found_again_by_pid_and_start(tmp_path: Path) -> None:
    process = processes.start(SLEEP, {}, tmp_path / "log")
    try:
        found = processes.adopt(process.pid, process.created)
        assert found is not None
        assert (found.pid, found.is_alive()) == (process.pid, True)
        assert processes.adopt(process.pid, process.created - 100) is None
    finally:
        process.stop(5)
    assert processes.adopt(process.pid, process.created) is None


def test_the_end_of_a_process_is_told_with_its_code(tmp_path: Path) -> None:
    told: list[int | None] = []
    ended = threading.Event()
    process = processes.start((sys.executable, "-c", "raise SystemExit(7)"), {}, tmp_path / "log")
    processes.when_ended(process, lambda code: (told.append(code), ended.set()))
    assert ended.wait(10)
    assert told == [7]


def test_a_process_that_does_not_end_in_time_is_killed(tmp_path: Path) -> None:
    log = tmp_path / "log"
    process = processes.start(STUBBORN, {}, log)
    wait_for(lambda: log.read_text() == "armed\n")
    process.stop(0.1)
    assert not process.is_alive()


def test_a_program_gets_only_the_environment_it_was_given(tmp_path: Path) -> None:
    process = processes.start(
        (sys.executable, "-c", "import os; print(sorted(os.environ))"), {"A": "1"}, tmp_path / "log"
    )
    process.wait(10)
    assert (tmp_path / "log").read_text() in ("['A']\n", "['A', 'LC_CTYPE']\n")


def test_listening_is_waited_for(tmp_path: Path) -> None:
    code = "import socket,time; s=socket.create_server(('127.9.8.7', 20999)); time.sleep(60)"
    process = processes.start((sys.executable, "-c", code), {}, tmp_path / "log")
    try:
        assert processes.wait_listening(process, "127.9.8.7", 20999, 10)
    finally:
        process.stop(5)


def test_waiting_ends_when_the_process_does(tmp_path: Path) -> None:
    process = processes.start((sys.executable, "-c", ""), {}, tmp_path / "log")
    assert not processes.wait_listening(process, "127.9.8.7", 20998, 30)


def wait_for(condition: object) -> None:
    deadline = threading.Event()
    timer = threading.Timer(10, deadline.set)
    timer.start()
    try:
        while not condition():  # type: ignore[operator]
            if deadline.is_set():
                pytest.fail("not reached in time")
    finally:
        timer.cancel()
