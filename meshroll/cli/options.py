"""Errors in the words of the command line: who gives no stack has no stack's keys."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from meshroll.errors import BadInputError

VARIABLES = "MESHROLL_REPOSITORY_"
_OPTIONS = {
    "repository.url": "--repository",
    "repository.branch": "--branch",
    "repository.credentials": f"{VARIABLES}* variables",
    "repository.credentials.sshKey": f"{VARIABLES}SSH_KEY",
    "repository.credentials.knownHosts": f"{VARIABLES}KNOWN_HOSTS",
    "repository.credentials.caFile": f"{VARIABLES}CA_FILE",
    "repository.commit": "Git's configuration",
    "repository.commit.sign": "commit.gpgSign in Git's configuration",
}


@contextmanager
def said_without(stack: str | None) -> Iterator[None]:
    """Where there is no stack, an error inside names the option or the variable instead of the stack's key."""
    try:
        yield
    except BadInputError as error:
        if stack:
            raise
        raise BadInputError(error.what, where=_said(error.where), expected=_said(error.expected)) from error


def _said(text: str) -> str:
    return " ".join(_OPTIONS.get(word, word) for word in text.split(" "))
