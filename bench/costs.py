"""What a command costs, counted in a way that a busy machine does not change much."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from bench.ways import NOBODY, PERSON


@dataclass(frozen=True)
class Cost:
    """Seconds of processor time of a command and all its children, and the lines that it printed."""

    seconds: float
    lines: int


def cost(command: list[str], cwd: Path, **variables: str) -> Cost:
    """Run it; the program ends when it fails."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**inherited, **PERSON, **NOBODY, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit(f"{' '.join(command)}: {done.stderr}")
    spent = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return Cost(spent, done.stdout.count("\n"))
