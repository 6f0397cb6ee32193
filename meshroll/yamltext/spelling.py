"""How a text is written in place of a scalar: as that one was, unless a reader could take it for something else."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from meshroll.yamltext.nodes import Node
from meshroll.yamltext.plain import reads_as_text

_ESCAPES: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_BASIC_PLANE: Final = 0xFFFF


def spelled(text: str, old: Node, neighbours: Iterable[Node], *, is_json: bool) -> str:
    """The source of a text in the place of `old`; its quotes are those of the nearest neighbour that has any."""
    if is_json:
        return _in_double_quotes(text, is_json=True)
    if not old.style and _may_be_plain(text, old):
        return text
    quote = old.style or _nearest_quote(old, neighbours)
    if quote == "'" and text.isprintable():
        return "'" + within_quotes(text, quote) + "'"
    return _in_double_quotes(text, is_json=False)


def within_quotes(text: str, quote: str) -> str:
    """Characters as they are written between quotes; single ones can hold only what is printable."""
    if quote == "'":
        return text.replace("'", "''")
    return "".join(_escaped(character, is_json=False) for character in text)


def _may_be_plain(text: str, old: Node) -> bool:
    if not reads_as_text(text):
        return False
    if not old.flow:
        return True
    # Flow collections may be JSON, which has no unquoted text; and in them some readers stumble over ? and :
    return isinstance(old.value, str) and not (set(text) - set(old.text)) & {":", "?"}


def _nearest_quote(old: Node, neighbours: Iterable[Node]) -> str:
    quoted = (node for node in neighbours if node.style in ("'", '"') and node is not old)
    nearest = min(quoted, key=lambda node: abs(node.start - old.start), default=None)
    return nearest.style if nearest else '"'


def _in_double_quotes(text: str, *, is_json: bool) -> str:
    return '"' + "".join(_escaped(character, is_json=is_json) for character in text) + '"'


def _escaped(character: str, *, is_json: bool) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable():
        return character
    if ord(character) <= _BASIC_PLANE:
        return f"\\u{ord(character):04x}"
    if is_json:
        pair = character.encode("utf-16-be").hex()
        return f"\\u{pair[:4]}\\u{pair[4:]}"
    return f"\\U{ord(character):08x}"
