"""A plug-in that ends takes along what its threads start meanwhile."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.support.checkout import CHECKOUT
from tests.support.engine import until_gone

STARTING = """
import subprocess, sys, threading
sys.path.insert(0, {root!r})
from meshroll import lifetime

lifetime.end_with_parent()
first = threading.Event()
quiet = dict.fromkeys(("stdout", "stderr"), subprocess.DEVNULL)

def start():
    while True:
        child = subprocess.Popen(["sleep", "1000"], start_new_session=True, **quiet)
        print(child.pid, flush=True)
        first.set()

threading.Thread(target=start, daemon=True).start()
first.wait()
lifetime.end()
"""


def test_nothing_that_a_thread_was_starting_is_left(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(STARTING.format(root=str(CHECKOUT)))
    done = subprocess.run(
        [sys.executable, str(program)], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    started = [int(line) for line in done.stdout.split()]
    assert started
    until_gone(started)
    assert done.returncode == 0
