"""The Pulumi project as the demo uses it: all of the checkout by link, but the stack files as copies.

Pulumi writes the salt of a stack's secrets into its stack file, and the demo changes versions there; with copies the
checkout stays as it was.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from meshroll.errors import UnavailableError

LINKED = ("__main__.py", "components", "meshroll", "rollout_templates", ".venv")


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

        Raises UnavailableError when it fails: pulumi has said why.
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


def prepare(checkout: Path, folder: Path, environment: Mapping[str, str]) -> Project:
    """Lay the project out anew in `folder`, which must be the demo's own."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "stacks").mkdir(parents=True)
    shutil.copy2(checkout / "Pulumi.yaml", folder / "Pulumi.yaml")
    for name in LINKED:
        (folder / name).symlink_to(checkout / name)
    for file in (checkout / "stacks").iterdir():
        shutil.copy2(file, folder / "stacks" / file.name)
    return Project(folder, environment)
