"""Exchanging scalars and nothing else.

The new bytes are the old ones with the scalars' own characters exchanged. They are read again, and must mean what the
old ones meant but for the values that were to change: an alias or merge key that carries a value to another place,
or a spot where the new text would be read otherwise, shows there, and the edit is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from meshroll.errors import BadInputError
from meshroll.yamltext.nodes import TAG, Node
from meshroll.yamltext.plain import reads_as_text
from meshroll.yamltext.pointers import split_pointer
from meshroll.yamltext.source import Source
from meshroll.yamltext.spelling import spelled
from meshroll.yamltext.text import Found, Text, content_start, parse, parse_source

_TEXT_TAGS: Final = ("", "!", TAG + "str")


def replace_scalars(content: bytes, changes: Mapping[str, str], where: str) -> bytes:
    """The file with the scalars at some pointers changed to some texts, every other byte as it was.

    The new value is always text to every reader: quoted if it must be, else as the old one was. A scalar that is that
    text already is left alone (the bytes are equal when all are). Places that are one through aliases can change
    together, when all of them are asked for. Raises BadInputError, which names file, line, pointer and reason,
    when a pointer leads to no scalar, or changing it could change another place.
    """
    return replaced(parse(content, where), changes).encode()


def replaced(text: Text, changes: Mapping[str, str]) -> str:
    """The same for a file already read."""
    wanted = {pointer: (text.find_scalar(pointer), new) for pointer, new in changes.items()}
    spots: dict[int, tuple[Node, str]] = {}
    for pointer, (found, new) in wanted.items():
        if not _is_already(found.node, new):
            _check_spot(text, pointer, found, new)
            if spots.setdefault(found.node.start, (found.node, new))[1] != new:
                raise _refuse(text, pointer, *_shared(text, found))
    if not spots:
        return text.source.text
    after = _exchanged(text, list(spots.values()))
    try:
        documents = parse_source(Source(text.where, after)).documents
    except BadInputError:
        documents = []
    expected = text.documents
    for pointer, new in changes.items():
        expected = _with(expected, split_pointer(pointer), new)
    if not _same(documents, expected):
        for pointer, (found, _) in wanted.items():
            if all(reason := _shared(text, found)):
                raise _refuse(text, pointer, *reason)
        raise _refuse(text, next(iter(changes)), "the new value cannot be written here without changing another")
    return after


def _is_already(node: Node, text: str) -> bool:
    return node.text == text and isinstance(node.value, str) and (not node.is_plain or reads_as_text(text))


def _check_spot(text: Text, pointer: str, found: Found, new: str) -> None:
    node = found.node
    if node.style in ("|", ">"):
        raise _refuse(text, pointer, f"it is a block of text ({node.style})", "a value on one line")
    if node.tag not in _TEXT_TAGS:
        raise _refuse(text, pointer, f"it has the tag {node.tag.replace(TAG, '!!')}", "a value without a tag")
    if content_start(text.source.text, node) == node.end:
        raise _refuse(text, pointer, "there is nothing behind the key", 'a value such as ""')
    if any("\ud800" <= character <= "\udfff" for character in new):
        raise _refuse(text, pointer, "the new value is not text that UTF-8 can hold")


def _shared(text: Text, found: Found) -> tuple[str, str]:
    """Which alias, merge key or anchor on its path puts a value in more than one place; what to do instead."""
    line = text.source.line
    for step in found.path:
        node = step.link.node
        if step.base is not None:
            name = step.base.anchor
            what = f"the value comes from &{name} (line {line(step.base.start)}) through a merge key"
            return what, f"the change at &{name}, or the value written out"
        if step.link.alias:
            what = f"the alias *{node.anchor} (line {line(step.link.start)}) brings the value from &{node.anchor}"
            return what, f"the change at &{node.anchor}, or the value written out"
        if node.uses:
            uses = ", ".join(str(line(start)) for start in node.uses[:5])
            what = f"the value belongs to the anchor &{node.anchor}, used again in line {uses}, which would change too"
            return what, "the value written out where it is used"
    return "", ""


def _exchanged(text: Text, spots: list[tuple[Node, str]]) -> str:
    source = text.source.text
    scalars = [node for root in text.roots for node in root.walk() if node.kind == "scalar"]
    pieces, done = [], 0
    for node, new in sorted(spots, key=lambda spot: spot[0].start):
        pieces += [source[done : content_start(source, node)], spelled(new, node, scalars, is_json=text.is_json)]
        done = node.end
    return "".join([*pieces, source[done:]])


def _with(value: Any, tokens: tuple[str, ...], new: str) -> Any:
    """The value with one place changed, copied along the path to it alone."""
    if not tokens:
        return new
    token, rest = tokens[0], tokens[1:]
    if isinstance(value, list):
        index = int(token)
        return [*value[:index], _with(value[index], rest, new), *value[index + 1 :]]
    return value | {token: _with(value[token], rest, new)}


def _same(one: Any, other: Any) -> bool:
    """Equal, and of the same types throughout."""
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_same(value, other[key]) for key, value in one.items())
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other) or (one != one and other != other)  # noqa: PLR0124 - not a number equals itself here


def _refuse(text: Text, pointer: str, what: str, expected: str = "") -> BadInputError:
    return BadInputError(what, where=f"{text.place(pointer)} {pointer}", expected=expected)
