"""What an unquoted YAML scalar means, and which texts mean the same unquoted to every reader.

Values are resolved by the rules of go-yaml v3, the reader of Pulumi and of most tools around Kubernetes: `yes` and `on`
are text, `0777` is octal, `1_000` is a number, a date is a date. Other readers resolve by YAML 1.1, by the core schema
of YAML 1.2 or by go-yaml v2; what is written anew must be text to all of them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

Plain = str | int | float | bool | None

_CONSTANTS: Final[dict[str, Plain]] = (
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
_MAX_DIGITS: Final = 1000  # as text a longer one is not a number to anybody, and Python refuses to convert it
_EXACT: Final = 2.0**53
_DATE: Final = re.compile(r"(\d{4}-\d{1,2}-\d{1,2})([Tt ]\d{1,2}:\d{1,2}:\d{1,2}(\.\d+)?(Z|[-+]\d\d:\d\d)?)?")

_WORDS: Final = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf", "infinity"})
_NUMBERS: Final = re.compile(
    r"""
      (?=[-+.0-9])[-+]?[0-9_,]*\.?[0-9_,]*([eE][-+]?[0-9_]*)?   # 12, 1_000, 1,000, 1.10, 1., .5, 1e3, 0777
    | [-+]?0[xX][0-9a-fA-F_]*\.?[0-9a-fA-F_]*([pP][-+]?[0-9_]*)?   # 0x1F, and what Go reads: 0x1p-2
    | [-+]?0[oObB][0-9_]*
    | [-+]?[0-9][0-9_]*(:[0-9_]+)+(\.[0-9_]*)?                     # base 60: 1:30, 190:20:30.15
    | [-+]?\.?([iI][nN][fF]([iI][nN][iI][tT][yY])?|[nN][aA][nN])
    | [0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt\ ].*)?                    # dates and times
    """,
    re.VERBOSE,
)
_SHAPE: Final = re.compile(r"[\w/.+](?:[^\s,\[\]{}:#]|:(?=[^\s])|(?<! )\#| (?=[^\s#]))*")


@dataclass(frozen=True)
class Date:
    """An unquoted date. Distinct from text, so that an error can ask for quotes."""

    text: str


def resolve_plain(text: str) -> Plain | Date:
    """The value of an unquoted scalar."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if not text[0].isascii() or text[0] not in "+-.0123456789":
        return text
    if _is_date(text):
        return Date(text)
    number = text.replace("_", "")
    if len(number) > _MAX_DIGITS:
        return text
    for pattern, base in _INTEGERS:
        if pattern.fullmatch(number):
            return int(number.replace("o", "").replace("O", ""), base)
    if _FLOAT.fullmatch(number) and (value := float(number)) not in (float("inf"), float("-inf")):
        return int(value) if value.is_integer() and abs(value) < _EXACT else value  # as JSON, through which Pulumi goes
    return text


def reads_as_text(text: str) -> bool:
    """Whether the text, written unquoted in any place, is that text to every reader."""
    return (
        bool(_SHAPE.fullmatch(text))
        and text.isprintable()
        and not text.startswith("...")
        and not reads_as_another_value(text)
    )


def reads_as_another_value(text: str) -> bool:
    """Whether some reader takes the text, written unquoted, for a number, a boolean, a date or nothing."""
    return text.lower() in _WORDS or _NUMBERS.fullmatch(text) is not None


def _is_date(text: str) -> bool:
    if not (match := _DATE.fullmatch(text)):
        return False
    try:
        year, month, day = map(int, match[1].split("-"))
        date(year, month, day)
    except ValueError:
        return False
    return True
