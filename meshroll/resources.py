"""The files that come with Meshroll, wherever it is installed.

`project/` holds the Pulumi project as the repository has it: Pulumi.yaml, the program, stack files with their schema,
and the templates. In a checkout these are links to the repository's own, in a wheel they are copies.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path


def resource(*names: str) -> Path:
    """The path of a file or folder below the package `meshroll`; in a checkout that of the repository's own."""
    return Path(str(files("meshroll").joinpath(*names))).resolve()
