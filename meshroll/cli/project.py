"""The Pulumi project around the current folder, and its stacks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from meshroll.manifests.folders import project_folder

__all__ = ["load_stack", "project_folder"]

if TYPE_CHECKING:  # importing it is left to the command that runs
    from meshroll.settings.model import Stack


def load_stack(name: str) -> Stack:
    """The settings of a stack of the project around the current folder."""
    from meshroll.settings import load_file, stack_file

    return load_file(stack_file(name, project_folder(Path.cwd())))
