"""Markdown for a review: text from elsewhere stands in code spans and code blocks alone.

In code nothing is formatted, no address becomes a link, and `@team` or `#1` mentions nobody and nothing. There is no
table: renderers do not agree on how a `|` in a cell is escaped.
"""

from __future__ import annotations

import re

from meshroll.text.terminal import one_line, printable

_TICKS = re.compile("`+")


def code(text: str) -> str:
    """A text as a code span, in one line."""
    line = one_line(text) or " "
    fence = "`" * (1 + _longest(line))
    # One space at either end is not part of the code, unless there is nothing else.
    apart = not line.isspace() and (line[0] in "` " or line[-1] in "` ")
    return f"{fence} {line} {fence}" if apart else f"{fence}{line}{fence}"


def code_block(text: str, language: str) -> list[str]:
    """The lines of a code block that holds a text. `language` is a name of ours."""
    fence = "`" * max(3, 1 + _longest(text))
    return [f"{fence}{language}", printable(text).removesuffix("\n"), fence]


def _longest(text: str) -> int:
    return max(map(len, _TICKS.findall(text)), default=0)
