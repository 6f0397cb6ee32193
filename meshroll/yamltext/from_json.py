"""JSON read into events, by JSON's own rules: tabs, escapes and surrogates that readers of YAML treat otherwise."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from enum import Enum
from math import isinf
from typing import Final

from meshroll.errors import BadInputError
from meshroll.yamltext.nodes import ReaderEvent
from meshroll.yamltext.source import Source

_SPACE: Final = re.compile(r"[ \t\r\n]*")
_PIECE: Final = re.compile(
    r"""[\[\]{},:]
    |"(?:[^"\\\x00-\x1f]++|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+"
    |(?:-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?|true|false|null)(?![\w.+-])""",
    re.VERBOSE,
)
_WORDS: Final = frozenset({"true", "false", "null"})
MAX_DIGITS: Final = 1000


class _State(Enum):
    """What may come next."""

    VALUE = "a value"
    FIRST_ITEM = "a value or ]"
    FIRST_KEY = "a quoted key or }"
    KEY = "a quoted key"
    COLON = ":"
    AFTER = ", or the end of what is open"


def events(source: Source) -> Iterator[ReaderEvent]:
    """What is in the text. Raises BadInputError with the place of the first thing that is not JSON."""
    position = _after_space(source, source.body)
    yield ReaderEvent("document", position, position)
    state = _State.VALUE
    closing: list[str] = []  # the marks that will end what is open
    while state is not _State.AFTER or closing:
        piece, end = _piece(source, position, state)
        if piece in "}]" and state in (_State.FIRST_ITEM, _State.FIRST_KEY, _State.AFTER) and piece == closing[-1]:
            closing.pop()
            yield ReaderEvent("end", position, end)
            state = _State.AFTER
        elif piece in "{[" and state in (_State.VALUE, _State.FIRST_ITEM):
            closing.append("}" if piece == "{" else "]")
            yield ReaderEvent("mapping" if piece == "{" else "sequence", position, end, flow=True)
            state = _State.FIRST_KEY if piece == "{" else _State.FIRST_ITEM
        elif piece not in "{}[],:" and (state in (_State.VALUE, _State.FIRST_ITEM) or _is_key(piece, state)):
            quoted = piece.startswith('"')
            text = _unquoted(piece, source, position) if quoted else _checked(piece, source, position)
            yield ReaderEvent("scalar", position, end, text, '"' if quoted else "")
            state = _State.COLON if _is_key(piece, state) else _State.AFTER
        elif piece == ":" and state is _State.COLON:
            state = _State.VALUE
        elif piece == "," and state is _State.AFTER:
            state = _State.KEY if closing[-1] == "}" else _State.VALUE
        else:
            raise _refuse(source, position, state.value)
        position = _after_space(source, end)
    if position < len(source.text):
        raise _refuse(source, position, "the end of the file")


def _after_space(source: Source, position: int) -> int:
    found = _SPACE.match(source.text, position)
    return found.end() if found else position


def _piece(source: Source, position: int, state: _State) -> tuple[str, int]:
    found = _PIECE.match(source.text, position)
    if found is None:
        raise _refuse(source, position, state.value)
    return found[0], found.end()


def _is_key(piece: str, state: _State) -> bool:
    return piece.startswith('"') and state in (_State.KEY, _State.FIRST_KEY)


def _unquoted(piece: str, source: Source, position: int) -> str:
    text = str(json.loads(piece))
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise _refuse(source, position, "both halves of each surrogate pair")
    return text


def _checked(piece: str, source: Source, position: int) -> str:
    """A piece that is not quoted. Raises BadInputError for a number that programs do not read, or read as infinite."""
    if len(piece) > MAX_DIGITS:
        raise BadInputError(
            f"a number has {len(piece)} characters", where=source.where(position), expected=f"at most {MAX_DIGITS}"
        )
    if piece not in _WORDS and not piece.lstrip("-").isdigit() and isinf(float(piece)):
        raise BadInputError("a number is too large", where=source.where(position), expected="one of 64 bits")
    return piece


def _refuse(source: Source, position: int, expected: str) -> BadInputError:
    at = f"at {source.text[position]!r}" if position < len(source.text) else "at its end"
    return BadInputError(f"is not JSON {at}", where=source.where(position), expected=expected)
