"""A program of the sandbox in a process of its own: it needs its own signals."""

import signal
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import pathlib, sys, threading
from meshroll.sandbox.watch.serving import serve

def start():
    {start}

sys.exit(serve(start, lambda: print("stopped", flush=True), pathlib.Path(sys.argv[1])))
"""


def program(ready: Path, start: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", PROGRAM.format(start=start), str(ready)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_it_is_ready_after_its_start_and_stops_in_order_on_a_signal(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    with program(ready, "pass") as child:
        assert child.stdout is not None
        first = child.stdout.readline()
        child.send_signal(signal.SIGTERM)
        rest = child.stdout.read()
    assert (first[-6:], rest.splitlines()[-1], child.returncode) == ("ready\n", "stopped", 0)
    assert ready.exists()


def test_a_thread_that_dies_ends_the_program(tmp_path: Path) -> None:
    with program(tmp_path / "ready", "threading.Thread(target=lambda: 1 / 0, name='watch').start()") as child:
        said = child.communicate(timeout=20)[0]
    assert child.returncode == 1
    assert "watch died: " in said
    assert "ZeroDivisionError" in said
    assert "stopped" not in said


def test_a_start_that_fails_ends_the_program_and_it_was_never_ready(tmp_path: Path) -> None:
    with program(tmp_path / "ready", "raise OSError('disk full')") as child:
        child.communicate(timeout=20)
    assert (child.returncode, (tmp_path / "ready").exists()) == (1, False)
