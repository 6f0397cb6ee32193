"""A process that starts a plug-in as the engine does, for tests that kill it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tests.support.processes import runs

# Far more than an end takes on a busy machine.
SECONDS = 30.0
# As sdk/go/common/resource/plugin/plugin.go: a process group of its own, and pipes, of which standard input stays open.
STARTER = """
import json, signal, subprocess, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # whatever the tests were started with
pipe = subprocess.PIPE
plugin = subprocess.Popen(json.loads(sys.argv[1]), stdin=pipe, stdout=pipe, process_group=0)
print(plugin.pid, flush=True)
for line in plugin.stdout:
    print(line.decode(), end="", flush=True)
"""


@dataclass(frozen=True)
class Engine:
    """`plugin` is the process that was started: the plug-in itself, or a shell that runs it."""

    process: subprocess.Popen[str]
    plugin: int
    seen: list[psutil.Process] = field(default_factory=list)

    def port(self) -> int:
        """The port that the plug-in serves on, once it does."""
        assert self.process.stdout is not None
        return int(self.process.stdout.readline())

    def started(self) -> list[int]:
        """All that it started, and what that started."""
        found = psutil.Process(self.process.pid).children(recursive=True)
        self.seen.extend(found)
        return [child.pid for child in found]

    def kill(self) -> None:
        """With SIGKILL: it can tell nobody."""
        self.started()
        self.process.kill()
        self.process.wait()


@contextmanager
def engine(*command: str | Path) -> Iterator[Engine]:
    """Start one, and leave nothing of it, even when a plug-in outlives it."""
    arguments = json.dumps([str(word) for word in command])
    process = subprocess.Popen([sys.executable, "-c", STARTER, arguments], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    made = Engine(process, int(process.stdout.readline()))
    try:
        yield made
    finally:
        if process.poll() is None:
            made.kill()
        process.stdout.close()
        for left in made.seen:
            if left.is_running():
                left.kill()


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for a state."""
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"not in time: {what}"
        time.sleep(0.02)


def until_gone(pids: list[int]) -> None:
    """Wait until none of these processes runs. One that stays is killed, and the test fails."""
    try:
        until(lambda: not any(runs(pid) for pid in pids), f"the end of {pids}")
    finally:
        for pid in filter(runs, pids):
            os.kill(pid, signal.SIGKILL)
