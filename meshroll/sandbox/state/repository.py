"""The bare rollout repository of a sandbox: made once, without any ref."""

from __future__ import annotations

import os
import subprocess

from meshroll.errors import UnavailableError
from meshroll.sandbox.state.home import Home


def ensure(home: Home) -> None:
    """Make the repository, unless there is one. Raises UnavailableError with the error of `git init`."""
    if (home.repository / "HEAD").exists():
        return
    # The caller's Git settings must not decide what the repository is like.
    clean = {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(home.path / "home"), "GIT_CONFIG_NOSYSTEM": "1"}
    options = ("--quiet", "--bare", "--template=", "--initial-branch=main")
    command = ["git", "init", *options, str(home.repository)]
    try:
        subprocess.run(command, env=clean, check=True, capture_output=True, text=True)
    except subprocess.CalledProcessError as error:
        raise UnavailableError(f"`git init` failed: {error.stderr.strip()}", where=str(home.repository)) from error
