"""Text for a terminal or a log: nothing in it is obeyed, hidden, or taken for a line of ours."""

from __future__ import annotations

import re
from typing import Final

# Invisible and direction-changing characters could hide what a diff or a server's answer says on a terminal: controls,
# surrogates, separators, and all that Unicode lets a renderer leave out (Default_Ignorable_Code_Point).
HIDDEN: Final = (
    "\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164"
    "\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"
)
_HIDDEN = re.compile(f"[\x00-\x08\x0b\x0c\x0e-\x1f{HIDDEN}]|\r(?!\n)")


def printable(text: str) -> str:
    """Escape what a terminal would obey or hide; line breaks and tabs stay."""
    return _HIDDEN.sub(lambda found: _escaped(found[0]), text)


def one_line(text: str) -> str:
    """The same with line breaks and tabs escaped too: a value that stands in a line of ours."""
    return "".join(character if character.isprintable() else _escaped(character) for character in printable(text))


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode()
