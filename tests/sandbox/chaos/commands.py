"""Commands that are watched while they run: what they said, how they ended, and when their commit was pushed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.support.processes import arguments, runs

POLL_SECONDS = 0.002
COMMAND_SECONDS = 180.0
PULUMI = ("pulumi", "--non-interactive", "--color", "never")
UP = (*PULUMI, "up", "--yes", "--skip-preview")
PLUGIN = "meshroll.provider"  # how our own plug-in is started
HOST, KUBERNETES = "meshroll.sandbox.pulumi", "/pulumi-resource-kubernetes"  # the language host, and the other plug-in


@dataclass(frozen=True)
class Done:
    """A command that has ended: a negative exit code is the signal that ended it."""

    words: str
    exit_code: int
    said: str

    @property
    def succeeded(self) -> bool:
        return self.exit_code == 0

    @property
    def left_a_lock(self) -> bool:
        """Whether Pulumi refused to begin because another run holds the stack."""
        return "currently locked" in self.said

    def __str__(self) -> str:
        return "\n".join([f"$ {self.words}   (exit code {self.exit_code})", *(f"  {line}" for line in self.lines)])

    @property
    def lines(self) -> list[str]:
        """What was said, without empty lines and Pulumi's signs of life."""
        return [line for line in self.said.splitlines() if line.strip() and not line.startswith("@ updating")]


@dataclass(frozen=True)
class Pace:
    """How long an undisturbed `pulumi up` takes here, in seconds: until its commit, and in all."""

    commit: float
    whole: float


class Running:
    """A command that runs; `head` reads the branch's newest commit."""

    def __init__(
        self, words: Sequence[str], folder: Path, environment: Mapping[str, str], head: Callable[[], str]
    ) -> None:
        self.words, self._head, self._before = tuple(words), head, head()
        self._output = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed when the command has ended
        self.began = time.monotonic()
        self.committed: float | None = None
        self._process = subprocess.Popen(
            list(words),
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    @property
    def seconds(self) -> float:
        """How long it has run."""
        return time.monotonic() - self.began

    @property
    def ended(self) -> bool:
        """Whether it has ended; every look also notices a commit."""
        ended = self._process.poll() is not None
        if self.committed is None and self._head() not in ("", self._before):
            self.committed = time.monotonic()
        return ended

    def until(self, condition: Callable[[], object], seconds: float = COMMAND_SECONDS) -> bool:
        """Wait for a condition; False when the command ended, or the time was over, before it held."""
        deadline = time.monotonic() + seconds
        while not self.ended and time.monotonic() < deadline:
            if condition():
                return True
            time.sleep(POLL_SECONDS)
        return bool(condition())

    def until_committed(self) -> bool:
        """Wait until the branch has another head than when the command began."""
        return self.until(lambda: self.committed is not None)

    def signal(self, number: signal.Signals) -> None:
        """Send the command itself a signal, if it still runs."""
        if not self.ended:
            self._process.send_signal(number)

    def kill_plugin(self) -> bool:
        """Kill our own plug-in below this `pulumi`, as soon as there is one; False when there was none."""
        found: list[psutil.Process] = []

        def is_there() -> bool:
            found[:] = [child for child in self._children() if PLUGIN in arguments(child.pid)]
            return bool(found)

        self.until(is_there)
        for child in found:
            child.kill()
        return bool(found)

    def wait(self, seconds: float = COMMAND_SECONDS) -> Done:
        """How it ended. One that hangs is killed, and its exit code says so."""
        self.until(lambda: False, seconds)
        if not self.ended:
            self._process.kill()
        code = self._process.wait()
        self._output.seek(0)
        said = self._output.read()
        self._output.close()
        return Done(_shown(self.words), code, said)

    def _children(self) -> list[psutil.Process]:
        try:
            return psutil.Process(self._process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []


def meshroll(*words: str) -> tuple[str, ...]:
    """A command of our own, of this environment."""
    return (str(Path(sys.executable).with_name("meshroll")), *words)


def plugins(kubeconfig: str) -> list[int]:
    """The processes of plug-ins and language hosts that work with one sandbox."""
    found = []
    for process in psutil.process_iter():
        words = arguments(process.pid)
        if PLUGIN not in words and not any(HOST in word or word.endswith(KUBERNETES) for word in words):
            continue
        try:
            if process.environ().get("MESHROLL_KUBECONFIG") == kubeconfig and runs(process.pid):
                found.append(process.pid)
        except psutil.Error:
            continue
    return found


def end_plugins(left: Sequence[int]) -> None:
    """End what a killed `pulumi` left."""
    for pid in left:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _shown(words: Sequence[str]) -> str:
    kept = [word for word in words if word not in PULUMI[1:]]
    return " ".join([Path(kept[0]).name, *kept[1:]])
