"""The Pulumi project as the demo uses it: a copy of the one that comes with Meshroll.

Pulumi writes the salt of a stack's secrets into its stack file, and the demo changes versions there. The package, where
Pulumi.yaml has the plug-in, and the environment that it is installed in are links.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from meshroll.errors import BadInputError, UnavailableError
from meshroll.resources import resource


@dataclass(frozen=True)
class Project:
    """A folder to run `pulumi` in, with the environment that `meshroll sandbox env` prints."""

    folder: Path
    environment: Mapping[str, str]

    def stack_file(self, stack: str) -> Path:
        """The copy of a stack's file."""
        return self.folder / "stacks" / f"Pulumi.{stack}.yaml"

    def pulumi(self, *arguments: str, capture: bool = False) -> str:
        """Run one pulumi command; its output goes to the terminal, or is the answer with `capture`.

        Raises UnavailableError when it fails: Pulumi has printed why.
        """
        command = ["pulumi", "--non-interactive", "--color", "never", *arguments]
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if capture else None,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise UnavailableError(f"`{' '.join(('pulumi', *arguments))}` failed with exit code {done.returncode}")
        return done.stdout or ""


def prepare(folder: Path, environment: Mapping[str, str]) -> Project:
    """Lay the project out anew in `folder`, which must be the demo's own.

    Raises BadInputError when Meshroll is installed in an environment that Pulumi cannot be given.
    """
    installation = Path(sys.prefix)
    if not (installation / "bin" / "python").exists():
        raise BadInputError("has no bin/python", where=str(installation), expected="Meshroll in a virtual environment")
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(resource("project"), folder)
    (folder / "meshroll").symlink_to(resource())
    (folder / ".venv").symlink_to(installation)
    return Project(folder, environment)
