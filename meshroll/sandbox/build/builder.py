"""Builds several parts, two at a time, and says how far that is.

One `go build` leaves cores idle while it links or waits for one large package; a second one fills them. Each more would
take the memory of another linker. What was compiled stays in Go's cache and a finished part in its place, so that a
build that was interrupted goes on from there.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

from meshroll.sandbox.build import schedule
from meshroll.sandbox.build.compilation import Compilation
from meshroll.sandbox.build.gotool import Go, GoProcess
from meshroll.sandbox.build.interrupts import Interrupts
from meshroll.sandbox.build.schedule import Spent
from meshroll.sandbox.build.table import Build

Progress = Callable[[str], None]
_AT_ONCE = 2
_POLL_SECONDS = 0.1
_REPORT_SECONDS = 30.0


class Builder:
    """The builds that wait, run and are done. `run` returns when all are done, or raises and leaves nothing running."""

    def __init__(self, builds: Sequence[Build], go: Go, target: Callable[[Build], Path], progress: Progress) -> None:
        self._go, self._progress = go, progress
        self._target = {build.name: target(build) for build in builds}
        self._count, self._began = len(builds), time.monotonic()
        self._waiting = list(builds)
        self._running: list[Compilation] = []
        self._elsewhere: set[str] = set()  # another process builds these
        self._done: list[Spent] = []
        self._reported = time.monotonic()

    def run(self) -> None:
        """Build all; UnavailableError with the end of its output when a `go build` fails."""
        with Interrupts() as interrupts, Downloads(schedule.order(self._waiting), self._go) as downloads:
            try:
                while self._waiting or self._running:
                    interrupts.check()
                    self._start()
                    self._finish()
                    downloads.advance()
                    self._report()
                    time.sleep(_POLL_SECONDS)
            finally:
                for compilation in self._running:
                    compilation.kill()
                for compilation in self._running:
                    compilation.abandon()

    def _start(self) -> None:
        for build in [build for build in self._waiting if self._target[build.name].exists()]:
            self._waiting.remove(build)
            self._count -= 1  # built by another process
        passed: list[Build] = []
        while len(self._running) < min(_AT_ONCE, os.cpu_count() or 1):
            unfinished = {build.name for build in [*self._waiting, *(item.build for item in self._running)]}
            chosen = schedule.next_build([build for build in self._waiting if build not in passed], unfinished)
            if chosen is None:
                return
            compilation = Compilation.start(chosen, self._go, self._target[chosen.name])
            if compilation is None:
                passed.append(chosen)
                self._say_elsewhere(chosen)
            else:
                self._waiting.remove(chosen)
                self._running.append(compilation)
                self._say(f"building {chosen.name} from source")

    def _finish(self) -> None:
        for compilation in [item for item in self._running if item.ended]:
            compilation.finish()
            compilation.abandon()
            self._running.remove(compilation)
            self._done.append(Spent(compilation.build, compilation.seconds))
            seconds = time.monotonic() - compilation.began
            self._say(
                f"built {compilation.build.name} in {seconds:.0f} s ({compilation.seconds:.0f} s of processor time)"
            )

    def _say_elsewhere(self, build: Build) -> None:
        if build.name not in self._elsewhere:
            self._elsewhere.add(build.name)
            self._progress(f"waiting for another process that builds {build.name}")

    def _report(self) -> None:
        if self._running and time.monotonic() - self._reported >= _REPORT_SECONDS:
            self._say("building " + " and ".join(item.build.name for item in self._running))

    def _say(self, text: str) -> None:
        self._reported = time.monotonic()
        line = f"{text}: {len(self._done)} of {self._count} parts built"
        if self._waiting or self._running:
            running = [Spent(item.build, item.seconds) for item in self._running]
            cores = min(_AT_ONCE, os.cpu_count() or 1)
            left = schedule.seconds_left(self._waiting, running, self._done, self._reported - self._began, cores)
            line += f", {schedule.words_left(left)}"
        self._progress(line)


class Downloads:
    """Downloads what later builds need while earlier ones compile. A failure is left to the build to report."""

    def __init__(self, builds: Sequence[Build], go: Go) -> None:
        self._builds, self._go = list(builds[1:]), go
        self._process: GoProcess | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process:
            self._process.kill()

    def advance(self) -> None:
        """Begin the next download when the last one has ended."""
        if self._process and self._process.poll() is None:
            return
        if self._process:
            self._process.kill()
            self._process = None
        if self._builds:
            build = self._builds.pop(0)
            with suppress(OSError):
                arguments = ["list", "-deps", "-f", "", build.package]
                self._process = GoProcess(self._go, arguments, build.source)
