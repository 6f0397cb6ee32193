"""What an unquoted YAML scalar means, by the rules of the YAML reader that Pulumi uses.

Pulumi hands the program values that its own reader resolved; the command line must read the same file the same way, or
one stack would mean two things. The differences to other readers that matter: `yes` and `on` are text, `0777` is octal,
`1_000` is a number, a date is a date.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

Scalar = str | int | float | bool | None

_CONSTANTS: Final[dict[str, Scalar]] = (
    dict.fromkeys(("true", "True", "TRUE"), True)
    | dict.fromkeys(("false", "False", "FALSE"), False)
    | dict.fromkeys(("", "~", "null", "Null", "NULL"), None)
    | dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan"))
    | dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf"))
    | dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf"))
)
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_INTEGERS: Final = (
    (re.compile(r"[-+]?0[xX][0-9a-fA-F]+"), 16),
    (re.compile(r"[-+]?0[bB][01]+"), 2),
    (re.compile(r"[-+]?0[oO]?[0-7]+"), 8),
    (re.compile(r"[-+]?(0|[1-9][0-9]*)"), 10),
)
_EXACT: Final = 2.0**53
_DATE: Final = re.compile(r"(\d{4}-\d{1,2}-\d{1,2})([Tt ]\d{1,2}:\d{1,2}:\d{1,2}(\.\d+)?(Z|[-+]\d\d:\d\d)?)?")
GO_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)? [-+]\d{4} .*")
"""How a date of the file reaches the program through Pulumi."""


@dataclass(frozen=True)
class Date:
    """An unquoted date. It has no place in a stack; kept apart from text so that the error can say "quote it"."""

    text: str


def resolve_plain(text: str) -> Scalar | Date:
    """The value of an unquoted scalar."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if not text[0].isascii() or text[0] not in "+-.0123456789":
        return text
    if _is_date(text):
        return Date(text)
    number = text.replace("_", "")
    for pattern, base in _INTEGERS:
        if pattern.fullmatch(number):
            return int(number.replace("o", "").replace("O", ""), base)
    if _FLOAT.fullmatch(number) and (value := float(number)) not in (float("inf"), float("-inf")):
        return int(value) if value.is_integer() and abs(value) < _EXACT else value  # as JSON, through which Pulumi goes
    return text


def plain_reads_as_text(text: str) -> bool:
    """Whether the unquoted text is text to readers of YAML 1.1 and 1.2 alike."""
    words = {"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"}
    return re.fullmatch(r"[A-Za-z][A-Za-z0-9._-]*", text) is not None and text.lower() not in words


def _is_date(text: str) -> bool:
    if not (match := _DATE.fullmatch(text)):
        return False
    try:
        year, month, day = map(int, match[1].split("-"))
        date(year, month, day)
    except ValueError:
        return False
    return True
