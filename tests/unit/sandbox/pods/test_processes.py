import os
import stat
import sys
import threading
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from meshroll.sandbox.pods import processes
from tests.support.sandbox.played_cluster import until

PATH = {"PATH": os.environ["PATH"]}

SLEEP = (sys.executable, "-c", "import time; time.sleep(60)")
STUBBORN = (
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('armed', flush=True); time.sleep(60)",
)


def test_a_process_is_found_again_by_pid_and_start(tmp_path: Path) -> None:
    process = processes.start(SLEEP, {}, tmp_path / "log")
    try:
        assert processes.adopt(process.identity, process.created) == process
        earlier = replace(process.identity, started=process.identity.started - 1)
        assert processes.adopt(earlier, process.created) is None
    finally:
        process.stop(5)
    assert processes.adopt(process.identity, process.created) is None


def test_a_clock_that_is_set_meanwhile_does_not_hide_a_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    process = processes.start(SLEEP, {}, tmp_path / "log")
    boot = psutil.boot_time()
    for name in ("boot_time", "BOOT_TIME"):
        if hasattr(psutil._pslinux, name):
            monkeypatch.setattr(psutil._pslinux, name, (lambda: boot + 60) if name == "boot_time" else boot + 60)
    try:
        assert processes.adopt(process.identity, process.created) is not None
    finally:
        process.stop(5)


def test_what_a_program_started_ends_with_it(tmp_path: Path) -> None:
    log = tmp_path / "log"
    process = processes.start(("/bin/sh", "-c", "sleep 61 & echo $!; exec sleep 62"), PATH, log)
    until(lambda: log.read_text().endswith("\n"), "its child runs")
    child = int(log.read_text())
    process.stop(5)
    assert not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE


def test_what_a_program_started_is_gone_when_its_own_end_is_told(tmp_path: Path) -> None:
    log = tmp_path / "log"
    ended = threading.Event()
    process = processes.start(("/bin/sh", "-c", "sleep 61 & echo $!"), PATH, log)
    processes.when_ended(process, lambda _: ended.set())
    assert ended.wait(10)
    child = int(log.read_text())
    assert not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE


def test_the_log_of_a_program_is_private(tmp_path: Path) -> None:
    processes.start(("/bin/sh", "-c", "exit"), PATH, tmp_path / "log").wait(10)
    assert stat.filemode((tmp_path / "log").stat().st_mode) == "-rw-------"


def test_the_end_of_a_process_is_told_with_its_code(tmp_path: Path) -> None:
    told: list[int | None] = []
    ended = threading.Event()
    process = processes.start((sys.executable, "-c", "raise SystemExit(7)"), {}, tmp_path / "log")

    def note(code: int | None) -> None:
        told.append(code)
        ended.set()

    processes.when_ended(process, note)
    assert ended.wait(10)
    assert told == [7]


def test_a_process_that_does_not_end_in_time_is_killed(tmp_path: Path) -> None:
    log = tmp_path / "log"
    process = processes.start(STUBBORN, {}, log)
    until(lambda: log.read_text() == "armed\n", "it ignores the signal")
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
