"""The trailers of many texts, read by Git's own rules in few processes: one for each would cost more than the rest."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from meshroll.gitops.git.commit import NO_CONFIGURATION
from meshroll.gitops.git.process import Git

BATCH = 500  # files a process: their names are arguments
PARTS = "parts-"  # how the folder of those files begins, in the cache
_OPTIONS = ("--no-divider", "--only-trailers", "--unfold", "--where=end", "--if-exists=add", "--if-missing=add")


def trailers_of(git: Git, texts: Sequence[str]) -> Iterator[str]:
    """The trailers of each text as lines `Name: value`, as if it ended a commit's message; empty where it has none."""
    for start in range(0, len(texts), BATCH):
        yield from _batch(git, texts[start : start + BATCH])


def _batch(git: Git, texts: Sequence[str]) -> list[str]:
    # Git prints the files one after another: a trailer that nobody can foresee ends each.
    end = f"Meshroll-End: {secrets.token_hex(16)}"
    with tempfile.TemporaryDirectory(prefix=PARTS, dir=git.directory) as folder:
        files = [Path(folder, str(number)) for number in range(len(texts))]
        for file, text in zip(files, texts, strict=True):
            file.write_text(f"part\n\n{text}\n", encoding="utf-8", newline="\n")
        printed = git.text(
            *("interpret-trailers", *_OPTIONS, f"--trailer={end}", *map(str, files)), environment=NO_CONFIGURATION
        )
    return [part.strip("\n") for part in printed.split(end)[:-1]]
