"""The Go tool: found, checked for its age, and run with a heartbeat and the end of its output when it fails."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from meshroll.errors import BadInputError, UnavailableError

MODULES = Path(__file__).parents[1] / "go"
_HEARTBEAT_SECONDS = 30.0
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


def platform() -> str:
    """The platform as part of a build's name."""
    uname = os.uname()
    return f"{uname.sysname}/{uname.machine}".lower()


def version_tuple(version: str) -> tuple[int, ...]:
    """`1.26.1` as numbers; a suffix such as `rc1` is left out."""
    return tuple(
        int(number) for number in re.findall(r"\d+", version.split("-", maxsplit=1)[0].split("rc", maxsplit=1)[0])
    ) or (0,)


def needed_go(modules: Path = MODULES) -> str:
    """The newest Go that one of the modules asks for."""
    found = [
        re.search(r"^go (\S+)$", file.read_text(encoding="utf-8"), re.MULTILINE) for file in modules.glob("*/go.mod")
    ]
    return max((match.group(1) for match in found if match), key=version_tuple)


def run_go(command: Sequence[str], go: Go, cwd: Path, heartbeat: Callable[[float], None], what: str) -> str:
    """Run the Go tool; UnavailableError with the end of its output when it fails. Returns what it printed."""
    began = time.monotonic()
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
        child = subprocess.Popen(command, cwd=cwd, env=go.environment(), stdout=output, stderr=subprocess.STDOUT)
        try:
            while True:
                try:
                    code = child.wait(_HEARTBEAT_SECONDS)
                    break
                except subprocess.TimeoutExpired:
                    heartbeat(time.monotonic() - began)
        except BaseException:
            child.terminate()
            child.wait()
            raise
        output.seek(0)
        printed = output.read()
    if code:
        end = "\n".join(printed.splitlines()[-_OUTPUT_LINES:])
        raise UnavailableError(
            f"`go {command[1]}` failed; its output ends with:", where=f"building {what}", details=end
        )
    return printed
