"""A value of a commit's trailer: one word in one line, from which the same value is read."""

from __future__ import annotations

from urllib.parse import quote, unquote

from meshroll.text.terminal import one_line


def quoted(text: str | None) -> str:
    """A value of a trailer: `-` for none; white space, `%` and what cannot be printed by their bytes, as in a URL."""
    if not text:
        return "-"
    kept = (character if _stays(character) else quote(character, safe="") for character in text)
    return "%2D" if text == "-" else "".join(kept)


def unquoted(text: str) -> str | None:
    """The value that `quoted` made into this text, fit to be shown."""
    return None if text == "-" else one_line(unquote(text))


def _stays(character: str) -> bool:
    return character.isprintable() and not character.isspace() and character != "%"
