"""Other people's tools, run on files of a repository: without a network, a home or an end that nobody waits for."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

SECONDS = 20.0


class ToolError(Exception):
    """Why a tool gave no answer."""


def run_enclosed(command: list[str], home: str) -> subprocess.CompletedProcess[bytes]:
    """What a tool says and how it ends; `home` is its home and its working folder. Raises ToolError."""
    closed = "http://127.0.0.1:9"  # the discard port: nothing answers
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "HOME": home,
        "GIT_ALLOW_PROTOCOL": "none",
        "HTTP_PROXY": closed,
        "HTTPS_PROXY": closed,
    }
    try:
        return subprocess.run(
            command,
            env=environment,
            cwd=home,
            capture_output=True,
            timeout=SECONDS,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ToolError(f"{Path(command[0]).name} did not end well ({type(error).__name__})") from error
