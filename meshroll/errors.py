"""Every error a user can meet, and the one table of exit codes.

An error is one sentence: what was wrong, where (file:line, JSON pointer or resource) and what was expected. The class
says whether trying again can help. Commands print `str(error)` and exit with `error.exit_code`; under Pulumi the same
sentence is a diagnostic. Text that may hold a credential passes `redact` first, and what a terminal would obey is
escaped.
"""

from __future__ import annotations

import re
from enum import IntEnum
from typing import ClassVar

from meshroll.text import one_line, printable


class ExitCode(IntEnum):
    """What a `meshroll` command answers the shell."""

    DONE = 0  # done, or nothing to do
    RETRY = 1  # may pass on a second try: something was unreachable, dead, late or in conflict
    BAD_INPUT = 2  # the same call fails again until its input changes
    CHANGES = 3  # there is something to do, where a command was asked to say so


class MeshrollError(Exception):
    """Base of all errors with a sentence for the user; `where` and `expected` are joined into it.

    `details` are lines of a program's output, shown below the sentence.
    """

    exit_code: ClassVar[ExitCode] = ExitCode.RETRY

    def __init__(self, what: str, *, where: str = "", expected: str = "", details: str = "") -> None:
        self.what = what
        self.where = where
        self.expected = expected
        sentence = f"{where}: {what}" if where else what
        told = one_line(redact(f"{sentence}; expected {expected}" if expected else sentence))
        super().__init__(f"{told}\n{printable(redact(details))}" if details else told)


class BadInputError(MeshrollError):
    """The input is wrong: the same call fails again until it is changed. Nothing was changed."""

    exit_code = ExitCode.BAD_INPUT


class UnavailableError(MeshrollError):
    """A server, cluster or part cannot be reached or is dead; a second try may pass."""


class TimedOutError(MeshrollError):
    """Something did not reach the expected state in time; it may still get there."""


class ConflictError(MeshrollError):
    """Someone else changed the same thing meanwhile; plan again."""


def of_this_machine(error: OSError) -> UnavailableError:
    """An error of the operating system as a sentence: what it says, and of which file."""
    of = f" ({error.filename})" if error.filename else ""
    return UnavailableError(f"this machine does not let Meshroll go on: {error.strerror or type(error).__name__}{of}")


_URL_USER = re.compile(r"(?P<scheme>[a-zA-Z][a-zA-Z0-9+.-]*://)[^\s'\"]+@")
_BEARER = re.compile(r"(?P<word>\b(?:bearer|basic|token)\b[ =:]+)[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE)


def redact(text: str) -> str:
    """Mask credentials in URLs and Authorization values; the rest of the text stays byte for byte."""
    return _BEARER.sub(r"\g<word>***", _URL_USER.sub(r"\g<scheme>***@", text))
