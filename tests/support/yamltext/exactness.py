"""The one property of an edit: the addressed scalar's bytes change, and nothing else, to any reader."""

import json
from typing import Any

import yaml
from hypothesis import assume
from hypothesis import strategies as st

from meshroll.yamltext import parse, replace_scalars, split_pointer
from tests.support.yamltext.files import File, json_files, texts, yaml_files

TAG = b"!!str "


@st.composite
def edits(draw) -> tuple[File, dict[int, str]]:
    """A file, and new texts for some of its spots by number."""
    file = draw(st.one_of(yaml_files(), yaml_files(), yaml_files(), json_files()))
    assume(file.spots)
    chosen = draw(st.lists(st.integers(0, len(file.spots) - 1), min_size=1, max_size=3, unique=True))
    return file, {number: draw(texts) for number in sorted(chosen)}


def check(file: File, wanted: dict[int, str]) -> None:
    """Change the spots and hold everything against what the writer of the file knows."""
    text = parse(file.content, file.name)
    assert text.documents == file.documents
    for spot in file.spots:
        assert (text.scalar(spot.pointer).span, text.scalar(spot.pointer).style) == ((spot.start, spot.end), spot.style)

    result = replace_scalars(
        file.content, {file.spots[number].pointer: new for number, new in wanted.items()}, file.name
    )

    rest, done = result, 0
    for number, new in wanted.items():
        spot = file.spots[number]
        untouched = file.content[done : spot.start]
        tag = TAG if untouched.endswith(TAG) else b""  # with it 1.10 is a text, and stays as it is
        assert rest.startswith(untouched)
        rest = rest[len(untouched) :]
        following = [file.spots[other].start for other in wanted if other > number]
        after = file.content[spot.end : following[0] if following else None]
        length = rest.index(after, 0) if following else len(rest) - len(after)
        if following:  # the new text may hold what follows it: take the first cut that is the scalar
            while not reads_as(tag + rest[:length], new, file):
                length = rest.index(after, length + 1)
        source, rest, done = rest[:length], rest[length:], spot.end
        assert reads_as(tag + source, new, file)
        if spot.style and file.name.endswith(".yaml") and new.isprintable():
            assert source[:1] == spot.style.encode()
    assert rest == file.content[done:]
    expected, bare = file.documents, bare_values(file.content)
    for number, new in wanted.items():
        way = split_pointer(file.spots[number].pointer)
        expected, bare = put(expected, way, new), put(bare, way, new)
    assert parse(result, file.name).documents == expected
    assert bare_values(result) == bare
    assert replace_scalars(result, {file.spots[n].pointer: new for n, new in wanted.items()}, file.name) == result


def put(value: Any, way: tuple[str, ...], new: str) -> Any:
    """The value with one place changed."""
    if not way:
        return new
    if isinstance(value, list):
        return [put(item, way[1:], new) if str(index) == way[0] else item for index, item in enumerate(value)]
    return {key: put(item, way[1:], new) if key == way[0] else item for key, item in value.items()}


def bare_values(content: bytes) -> list[Any]:
    """The characters of each scalar, as PyYAML's own reader in Python sees them; JSON's as its parser does."""
    text = content.decode().removeprefix("\ufeff")
    try:
        return [json.loads(text)]
    except ValueError:
        return list(yaml.load_all(text, Loader=yaml.BaseLoader))


def reads_as(source: bytes, new: str, file: File) -> bool:
    """Whether a source means the text to a reader of YAML 1.1 that is not ours (JSON: to Python's own)."""
    try:
        value: Any = json.loads(source) if file.name.endswith(".json") else yaml.safe_load(source.decode())
    except (ValueError, yaml.YAMLError):
        return False
    return type(value) is str and value == new
