"""The Go tool: found, checked for its age, and run in a process group of its own, which ends as a whole and with us."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import psutil

from meshroll.errors import BadInputError, UnavailableError
from meshroll.lifeline import Lifeline
from meshroll.resources import resource

MODULES = resource("sandbox", "go")
_OUTPUT_LINES = 20


@dataclass(frozen=True)
class Go:
    """The Go tool that builds; `platform` is part of every build's name."""

    program: str
    platform: str

    @classmethod
    def find(cls, needed: str) -> Go:
        """The `go` on PATH; BadInputError when it is missing or older than `needed`."""
        program = shutil.which("go")
        if program is None:
            raise BadInputError("the Go tool `go` is not on PATH", where="sandbox", expected=f"Go {needed} or newer")
        answer = subprocess.run(
            [program, "env", "GOVERSION"],
            capture_output=True,
            text=True,
            env={**os.environ, "GOTOOLCHAIN": "local"},
            check=False,
        )
        version = answer.stdout.strip().removeprefix("go")
        if version_tuple(version) < version_tuple(needed):
            raise BadInputError(f"{program} is Go {version or '?'}", where="sandbox", expected=f"Go {needed} or newer")
        return cls(program, platform())

    def environment(self) -> dict[str, str]:
        """The caller's environment (module proxy, caches) without settings that would change what is built."""
        return {**os.environ, "GOFLAGS": "-mod=readonly", "GOWORK": "off", "GOTOOLCHAIN": "local"}


class GoProcess:
    """One command of the Go tool that runs. `kill` ends it with its compilers: Go's caches survive that."""

    def __init__(self, go: Go, arguments: Sequence[str], module: Path, temporary: Path | None = None) -> None:
        """Start it in the folder of a module; `temporary` is where it keeps what it is working on."""
        self._subcommand = arguments[0]
        self._output = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115 - see `close`
        self._lifeline = Lifeline()
        try:
            self._process = psutil.Popen(
                self._lifeline.bind((go.program, *arguments)),
                cwd=module,
                env=go.environment() | ({"GOTMPDIR": str(temporary)} if temporary else {}),
                stdin=subprocess.DEVNULL,
                stdout=self._output,
                stderr=subprocess.STDOUT,
                process_group=0,
                pass_fds=(self._lifeline.descriptor,),
            )
        finally:
            self._lifeline.started()
        self.seconds = 0.0  # processor time of the tool and of its compilers that have ended

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def poll(self) -> int | None:
        """The exit code, or None while it runs."""
        with suppress(psutil.Error):
            self.seconds = sum(self._process.cpu_times()[:4])
        code: int | None = self._process.poll()
        return code

    def result(self, what: str) -> str:
        """Wait, and return what it printed; UnavailableError with the end of that when it failed."""
        code = self._process.wait()
        self._output.seek(0)
        printed = self._output.read()
        if code:
            end = "\n".join(printed.splitlines()[-_OUTPUT_LINES:])
            raise UnavailableError(
                f"`go {self._subcommand}` failed; its output ends with:", where=f"building {what}", details=end
            )
        return printed

    def kill(self) -> None:
        """End the process group, if it still runs, and free what this object holds."""
        if self._process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._lifeline.release()
        self._output.close()


def run_go(arguments: Sequence[str], go: Go, module: Path, what: str) -> str:
    """Run the Go tool; UnavailableError with the end of its output when it fails. Returns what it printed."""
    with GoProcess(go, arguments, module) as process:
        return process.result(what)


def platform() -> str:
    """The platform as part of a build's name."""
    uname = os.uname()
    return f"{uname.sysname}/{uname.machine}".lower()


def version_tuple(version: str) -> tuple[int, ...]:
    """`1.26.1` as numbers; a suffix such as `rc1` is left out."""
    return tuple(
        int(number) for number in re.findall(r"\d+", version.split("-", maxsplit=1)[0].split("rc", maxsplit=1)[0])
    ) or (0,)


def needed_go(modules: Path | None = None) -> str:
    """The newest Go that one of the modules asks for."""
    files = (modules or MODULES).glob("*/go.mod")
    found = [re.search(r"^go (\S+)$", file.read_text(encoding="utf-8"), re.MULTILINE) for file in files]
    return max((match.group(1) for match in found if match), key=version_tuple)
