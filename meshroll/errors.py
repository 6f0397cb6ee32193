"""Every error a user can meet, and the one table of exit codes.

An error is one sentence: what was wrong, where (file:line, JSON pointer or resource) and what was expected. The class
decides whether trying again can help. Commands print `str(error)` and exit with `error.exit_code`; under Pulumi the
same sentence is a diagnostic. Text that may hold a credential passes `redact` first, and what a terminal would obey is
escaped.

A sentence may name a key of the stack file, a parameter of the call or an operation that helps. The library names them
as values (`Key`, `Parameter`, `Remedy`); the command line shows them as its own options, variables and commands.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar, Literal

from meshroll.text import one_line, printable


class ExitCode(IntEnum):
    """What a `meshroll` command answers the shell."""

    DONE = 0  # done, or nothing to do
    RETRY = 1  # may pass on a second try: something was unreachable, dead, late or in conflict
    BAD_INPUT = 2  # the same call fails again until its input changes
    CHANGES = 3  # there is something to do, where a command was asked to answer that


@dataclass(frozen=True)
class Key:
    """A key of the stack file, such as `repository.url`."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Parameter:
    """A parameter of the operation that failed, such as `over_newer`, and the value that would help, if one would."""

    name: str
    value: str = ""

    def __str__(self) -> str:
        return f"{self.name} {self.value}".rstrip()


@dataclass(frozen=True)
class Remedy:
    """An operation that helps, with what it acts on."""

    action: Literal["history", "release", "retry", "set-from-git", "up"]
    service: str = ""
    version: str = ""

    def __str__(self) -> str:
        return " ".join(part for part in (self.action, self.service, self.version) if part)


Part = str | Key | Parameter | Remedy
Phrase = Part | tuple[Part, ...]
"""Text, or text with values in it that each interface words in its own way."""

Wording = Callable[[Key | Parameter | Remedy], str]


def worded(phrase: Phrase, wording: Wording = str) -> str:
    """A phrase as text."""
    parts = phrase if isinstance(phrase, tuple) else (phrase,)
    return "".join(part if isinstance(part, str) else wording(part) for part in parts)


class MeshrollError(Exception):
    """Base of all errors with a sentence for the user; `where` and `expected` are joined into it.

    `details` are lines of a program's output, shown below the sentence. `wording` words the values in `where` and
    `expected`; an interface sets its own before it prints the error.
    """

    exit_code: ClassVar[ExitCode] = ExitCode.RETRY

    def __init__(self, what: str, *, where: Phrase = "", expected: Phrase = "", details: str = "") -> None:
        self.what = what
        self.where = worded(where)
        self.expected = worded(expected)
        self.details = details
        self._where, self._expected = where, expected
        self.wording: Wording = str
        super().__init__(str(self))  # redacted: what Python prints of an exception are its arguments

    def __str__(self) -> str:
        where, expected = worded(self._where, self.wording), worded(self._expected, self.wording)
        sentence = f"{where}: {self.what}" if where else self.what
        line = one_line(_cut(redact(f"{sentence}; expected {expected}" if expected else sentence)))
        return f"{line}\n{printable(redact(self.details))}" if self.details else line


class BadInputError(MeshrollError):
    """The input is wrong: the same call fails again until it is changed. Nothing was changed."""

    exit_code = ExitCode.BAD_INPUT


class LimitError(MeshrollError):
    """More would be read than Meshroll takes: the same call fails again. Nothing was changed.

    It is not a BadInputError: that one file is bad is passed over in many places, that all is too much in none.
    """

    exit_code = ExitCode.BAD_INPUT


class UnavailableError(MeshrollError):
    """A server, cluster or part cannot be reached or is dead; a second try may pass."""


class TimedOutError(MeshrollError):
    """Something did not reach the expected state in time; it may still get there."""


class ConflictError(MeshrollError):
    """Someone else changed the same thing meanwhile; plan again."""


def of_this_machine(error: OSError) -> UnavailableError:
    """An error of the operating system as a sentence: its message, and the file."""
    of = f" ({error.filename})" if error.filename else ""
    return UnavailableError(f"this machine does not let Meshroll go on: {error.strerror or type(error).__name__}{of}")


LONGEST = 2000  # characters of a sentence: what it quotes may come from elsewhere
_TOKEN = re.compile(r"[^\s'\"]+")
_BEARER = re.compile(r"(?P<word>\b(?:bearer|basic|token)\b[ =:]+)[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE)


def _cut(sentence: str) -> str:
    """A sentence without its middle where it is too long to be read; masked before, since a mark may be cut away."""
    half = LONGEST // 2
    return sentence if len(sentence) <= LONGEST else f"{sentence[:half]} … {sentence[-half:]}"


def redact(text: str) -> str:
    """Mask credentials in URLs and Authorization values; the rest of the text stays byte for byte."""
    return _BEARER.sub(r"\g<word>***", _TOKEN.sub(_without_user, text) if "://" in text else text)


def _without_user(found: re.Match[str]) -> str:
    """A piece of text without the user and password that a URL in it has: before the last @."""
    head, mark, rest = found[0].partition("://")
    user, at, host = rest.rpartition("@")
    return f"{head}{mark}***@{host}" if user and at else found[0]
