"""Exchanging scalars and nothing else.

The new bytes are the old ones with the scalars' own characters exchanged. They are read again, and must mean what the
old ones meant but for the values that were to change: an alias or merge key that carries a value to another place,
or a spot where the new text would be read otherwise, shows there, and the edit is refused.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final, NamedTuple

from meshroll.errors import BadInputError
from meshroll.yamltext.nodes import TAG, TEXT_TAGS, Node
from meshroll.yamltext.plain import reads_as_text
from meshroll.yamltext.pointers import split_pointer
from meshroll.yamltext.source import Source
from meshroll.yamltext.spelling import spelled
from meshroll.yamltext.text import Found, Text, content_start, parse, parse_source
from meshroll.yamltext.within import BLOCKS, MAX_PIECES, Span, Within, runs


class SharedValueError(BadInputError):
    """A value that aliases or merge keys put in several places, of which not all were to change."""

    def __init__(self, file: str, pointers: tuple[str, ...], what: str, *, where: str, expected: str) -> None:
        super().__init__(what, where=where, expected=expected)
        self.file = file
        self.pointers = pointers


class Written(NamedTuple):
    """A text with the characters that stood for it in a file; empty characters are a null that was not written."""

    text: str
    source: str


New = str | Written
MAX_NAMED: Final = 4  # places of a shared value


def replace_scalars(content: bytes, changes: Mapping[str, New], where: str) -> bytes:
    """The file with the scalars at some pointers changed to some texts, every other byte as it was.

    The new value is always text to every reader: quoted if it must be, else as the old one was. A `Written` one is
    written as it says, where that can stand there, and means what it meant: 1.10 is the number again, nothing a null. A
    scalar that is that text already is left alone (the bytes are equal when all are). Places that are one through
    aliases can change together, when all of them are asked for. Raises BadInputError, which names file, line, pointer
    and reason, when a pointer leads to no scalar, or changing it could change another place.
    """
    return replaced(parse(content, where), changes).encode()


def replaced(text: Text, changes: Mapping[str, New]) -> str:
    """The same for a file already read."""
    try:
        return _exchanged(text, _exchanges(text, changes))
    except BadInputError:
        anew = {pointer: new.text if isinstance(new, Written) else new for pointer, new in changes.items()}
        if anew == changes or None in map(_meaning, changes.values()):
            raise
        return _exchanged(text, _exchanges(text, anew))


def _meaning(new: New, tag: str = "") -> Any:
    """The value that a new text is to a reader, behind the tag of a text or none."""
    if isinstance(new, str):
        return new
    if tag:
        return new.text
    try:
        (root,) = parse_source(Source("", new.source or "~"), is_json=False).roots
    except (BadInputError, ValueError):
        return new.text
    return root.value if root.kind == "scalar" and root.text == (new.text or root.text) else new.text


def _exchanges(text: Text, changes: Mapping[str, New]) -> dict[Span, str]:
    """What to write where in a file, or in a text within one: proven by reading the result again."""
    found = {pointer: text.find_scalar(pointer) for pointer in changes}
    own: dict[str, New] = {}
    within: dict[str, dict[str, New]] = {}
    for pointer, new in changes.items():
        outer, inner = text.parted(pointer)
        if inner:
            within.setdefault(outer, {})[inner] = new
        else:
            own[outer] = new
    scalars = [node for root in text.roots for node in root.walk() if node.kind == "scalar"]
    exchanges: dict[Span, str] = {}
    for pointer, new in own.items():
        if not _is_already(text, found[pointer].node, new):
            span, source = _exchange(text, pointer, new, scalars)
            if exchanges.setdefault(span, source) != source:
                raise _refuse_shared(text, pointer, found[pointer])
    for pointer, inner_changes in within.items():
        around, own[pointer] = _exchanges_within(text, pointer, inner_changes)
        exchanges |= around
    if exchanges:
        _prove(text, own, within, exchanges)
    return exchanges


def _exchanges_within(text: Text, pointer: str, changes: Mapping[str, New]) -> tuple[dict[Span, str], str]:
    """What to write around a text to change scalars in it, and the text afterwards."""
    within = text.within(pointer)
    if within is None or not isinstance(within.source, Within):
        raise _refuse(text, pointer, "it is not a text that holds YAML")
    exchanges = _exchanges(within, changes)
    if exchanges and not within.source.is_exact:
        inside = "a block" if text.scalar(pointer).style in BLOCKS else "quotes over several lines"
        what = f"the text is in {inside}, in which one value cannot be changed alone"
        raise _refuse(text, pointer, what, f"a block of text (|), at most {MAX_PIECES} lines long")
    outside = {within.source.outside(*span): within.source.spelled(new) for span, new in exchanges.items()}
    return outside, _exchanged(within, exchanges)


def _prove(
    text: Text, wanted: Mapping[str, New], within: Mapping[str, Collection[str]], exchanges: Mapping[Span, str]
) -> None:
    """Raise BadInputError unless the exchanges make the wanted texts and leave all other values as they are.

    `within` has the pointers that lead on into some of the wanted texts.
    """
    try:
        source = Source(text.where, _exchanged(text, exchanges))
        documents = parse_source(source, is_json=text.is_json).documents
    except BadInputError:
        documents = []
    expected = text.documents
    for pointer, new in wanted.items():
        tag = text.find_scalar(pointer).node.tag
        expected = _with(expected, split_pointer(pointer), _meaning(new, tag))
    if _same(documents, expected):
        return
    for pointer in wanted:
        if all(_shared(text, found := text.find_scalar(pointer))):
            raise _refuse_shared(text, pointer, found, within.get(pointer, ("",)))
    pointer = next(iter(wanted))
    if _is_missing(text, text.find_scalar(pointer).node):
        raise _refuse(text, pointer, "there is nothing behind the key", 'a value such as ""')
    raise _refuse(text, pointer, "the new value cannot be written here without changing another")


def _is_already(text: Text, node: Node, new: New) -> bool:
    if isinstance(new, Written):
        return text.source.text[content_start(text.source.text, node) : node.end] == new.source
    return node.text == new and isinstance(node.value, str) and (not node.is_plain or reads_as_text(new))


def _is_missing(text: Text, node: Node) -> bool:
    """Whether nothing is written where the scalar would be."""
    return content_start(text.source.text, node) == node.end


def _exchange(text: Text, pointer: str, new: New, scalars: Iterable[Node]) -> tuple[Span, str]:
    """What to write where, for one of a file's scalars. Raises BadInputError for one that cannot be exchanged."""
    node, source = text.find_scalar(pointer).node, text.source.text
    if node.tag not in TEXT_TAGS:
        raise _refuse(text, pointer, f"it has the tag {node.tag.replace(TAG, '!!')}", "a value without a tag")
    characters = new.text if isinstance(new, Written) else new
    if any("\ud800" <= character <= "\udfff" for character in characters):
        raise _refuse(text, pointer, "the new value is not text that UTF-8 can hold")
    if node.style in BLOCKS:
        return _only_line(text, pointer, node), characters
    spelling = new.source if isinstance(new, Written) else spelled(new, node, scalars, is_json=text.is_json)
    start = content_start(source, node)
    if _is_missing(text, node) and not source[:start].endswith((" ", "\t")):
        spelling = f" {spelling}"
    elif not spelling and not node.flow and source[:start].endswith(" "):
        start -= 1  # in a block nothing is what is written right behind the key
    return (start, node.end), spelling


def _only_line(text: Text, pointer: str, node: Node) -> Span:
    """Where the line of a block of one line stands. Raises BadInputError for another block."""
    found = runs(text.source.text, content_start(text.source.text, node), node.end, node.text, node.style)
    if not found or len(text.source.text[found[0].start : found[-1].end].splitlines()) > 1:
        raise _refuse(text, pointer, f"it is a block of text ({node.style})", "a value on one line")
    if node.text.endswith("\n"):
        what = f"its block ({node.style}) keeps the line break behind it"
        raise _refuse(text, pointer, what, f"the block {node.style}-, or a value on one line")
    return found[0].start, found[-1].end


def _shared(text: Text, found: Found) -> tuple[str, str]:
    """Which alias, merge key or anchor on its path puts a value in more than one place, and what would be one place."""
    line = text.source.line
    for step in found.path:
        node = step.link.node
        if step.base is not None:
            name = step.base.anchor
            what = f"the value comes from &{name} (line {line(step.base.start)}) through a merge key"
            return what, "the value written out"
        if step.link.alias:
            what = f"the alias *{node.anchor} (line {line(step.link.start)}) brings the value from &{node.anchor}"
            return what, "the value written out"
        if node.uses:
            uses = ", ".join(str(line(start)) for start in node.uses[:5])
            what = f"the value belongs to the anchor &{node.anchor}, used again in line {uses}, which would change too"
            return what, "the value written out where it is used"
    return "", ""


def _refuse_shared(text: Text, pointer: str, found: Found, inner: Collection[str] = ("",)) -> SharedValueError:
    what, expected = _shared(text, found)
    every = tuple(text.base + place + each for place in text.pointers_of(found.node) for each in inner)
    more = f", or {' and '.join(every[:MAX_NAMED])} changed together" if len(every) > 1 else ""
    return SharedValueError(text.where, every, what, where=text.at(pointer), expected=expected + more)


def _exchanged(text: Text, exchanges: Mapping[Span, str]) -> str:
    """The source with what is written at some spans exchanged."""
    source = text.source.text
    pieces, done = [], 0
    for (start, end), new in sorted(exchanges.items()):
        pieces += [source[done:start], new]
        done = end
    return "".join([*pieces, source[done:]])


def _with(value: Any, tokens: tuple[str, ...], new: Any) -> Any:
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
    return BadInputError(what, where=text.at(pointer), expected=expected)
