"""Text for a terminal or a log: nothing in it is obeyed, hidden, or taken for a line of ours."""

from __future__ import annotations

import re
from typing import Final

# Invisible and direction-changing characters could hide what a diff or a server's answer says on a terminal.
HIDDEN: Final = (
    "\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff"
    "\U000e0000-\U000e007f"
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
