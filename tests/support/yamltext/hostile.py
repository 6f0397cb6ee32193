"""Bytes that somebody who may push to the repository could write to stop, fill or slow down who reads them."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import strategies as st

from tests.support.yamltext.files import json_files, yaml_files

MAX_BYTES = 4 << 20


def chain(first: str, before: str, after: str, times: int = 9, levels: int = 30) -> str:
    """Values each of which holds the one before it many times, between two marks."""
    held = (",".join([f"*a{number - 1}"] * times) for number in range(1, levels))
    lines = (f"a{number}: &a{number} {before}{each}{after}\n" for number, each in enumerate(held, start=1))
    return f"a0: &a0 {first}\n" + "".join(lines)


def filled(piece: str) -> str:
    """A piece again and again, as long as a file may be."""
    return piece * (MAX_BYTES // len(piece.encode()))


PIECES = (
    *(
        "- ",
        "[",
        "]",
        "{",
        "}",
        "? ",
        ": ",
        "&a ",
        "*a ",
        "<<: ",
        "<<: *a\n",
        "<<: [*a, *a]\n",
        "a: &a {b: c}\n",
        "!!int ''",
    ),
    *("!!float x", "!!timestamp 1", "!!binary =", "!!set {a}", "!!python/object:os.system", "2020-99-99", "9" * 5000),
    *(
        "1:" * 99 + "1",
        "0x" + "f" * 2000,
        "1e999",
        "-.inf",
        ".nan",
        "~",
        "NaN",
        "Infinity",
        '"\\ud800"',
        '"\\ude00\\ud800"',
    ),
    *(
        "---\n",
        "...\n",
        "%TAG !a! b\n",
        "%YAML 1.1\n",
        "# x\n",
        "|\n",
        ">+9\n",
        "'",
        '"',
        "\\",
        ",",
        "\n",
        "\r",
        "\t",
        " ",
    ),
    *(
        "\ufeff",
        "\u2028",
        "\x85",
        "\x00",
        "\x1b",
        "\U0001f40d",
        "a: b\n",
        "  ",
        '{"a":',
        '"a":1,',
        "null",
        "true",
        "1",
        "://",
        "@",
    ),
    *("kind: Rollout\n", "metadata: {name: shop}\n", "apiVersion: v1\n", "kind: List\n", "items:\n"),
)


@st.composite
def built(draw: st.DrawFn) -> tuple[bytes, str]:
    """Pieces one after another, each some or very many times."""
    counts = st.one_of(st.integers(1, 4), st.integers(1, 120), st.sampled_from([1000, 20_000, 100_000]))
    parts = draw(st.lists(st.tuples(st.lists(st.sampled_from(PIECES), min_size=1, max_size=4), counts), max_size=8))
    text = "".join("".join(pieces) * count for pieces, count in parts)
    return text.encode()[:MAX_BYTES], draw(st.sampled_from(["f.yaml", "f.json"]))


@st.composite
def damaged(draw: st.DrawFn) -> tuple[bytes, str]:
    """A good file with some of its characters gone and some pieces put in."""
    file = draw(st.one_of(yaml_files(), json_files()))
    text = file.content.decode()
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(text)))
        text = text[:at] + draw(st.sampled_from(["", *PIECES])) + text[at + draw(st.integers(0, 3)) :]
    return text.encode(), file.name


def inputs() -> st.SearchStrategy[tuple[bytes, str]]:
    """Hostile files of every sort."""
    noise = st.tuples(st.binary(max_size=200), st.sampled_from(["f.yaml", "f.json"]))
    return st.one_of(built(), built(), damaged(), noise)


VALUES = "holds more than 150000 values, aliases and long texts counted in full"
LEVELS = "is nested too deeply; expected at most 100 levels"
ATTACKS: Mapping[str, tuple[str, str]] = {
    "lists in lists": ("- " * 100_000, f"f.yaml:1:201: {LEVELS}"),
    "brackets": ("[" * 200_000, f"f.yaml:1:101: {LEVELS}"),
    "merge keys": (chain("{k: v}", "{<<: [", "]}"), f"f.yaml:7:19: {VALUES}"),
    "aliases": (chain("[v]", "[", "]"), f"f.yaml:7:14: {VALUES}"),
    "a long text under many aliases": (
        "a: &a " + "x" * 2_000_000 + "\nb: [" + "*a," * 200_000 + "]",
        f"f.yaml:2:62: {VALUES}",
    ),
    "a long key under many aliases": (
        "a: &a {" + "x" * 900 + ": 1}\nb: [" + "*a," * 200_000 + "]",
        f"f.yaml:2:90002: {VALUES}",
    ),
    "handles of tags": (
        "".join(f"%TAG !{n}! x\n" for n in range(200_000)) + "--- a\n",
        "f.yaml:101:1: declares too many handles of tags (%TAG); expected at most 100",
    ),
    "a long alias": (
        "*" + "a" * 400_000,
        f"f.yaml:1:1: the alias *{'a' * 60}… has no anchor &{'a' * 60}… before it",
    ),
    "a long key twice": (
        f"- ? {'a' * 400_000}\n  : 1\n  ? {'a' * 400_000}\n  : 2\n",
        f"f.yaml:3:5: {'a' * 60}… occurs twice, first on line 1",
    ),
}
"""YAML by what it holds too much of, and the sentence that refuses it."""

READ: Mapping[str, str] = {
    "a date that there is not": "d: 2020-99-99",
    "a number without digits": "z: !!int ''",
    "nine thousand digits": "n: " + "9" * 9000,
    "four million digits and a letter": "n: " + "9" * 4_000_000 + "x",
    "a text as long as a file": "a" * MAX_BYTES,
    "a block as long as a file": "a: |\n" + filled("  \n")[:-10],
    "a text in quotes that could be a file": "a: '" + "b: c, " * 600_000 + "'",
    "line breaks": filled("\n"),
    "comments": filled("#\n"),
    "handles of a program": "!!python/object/apply:os.system ['true']",
}
"""YAML that is odd, and read all the same."""

JSON_ATTACKS: Mapping[str, tuple[str, str]] = {
    "brackets": ("[" * 200_000, f"f.json:1:101: {LEVELS}"),
    "objects": ('{"a":' * 200_000, f"f.json:1:501: {LEVELS}"),
    "nine thousand digits": ("[" + "9" * 9000 + "]", "f.json:1:2: a number has 9000 characters; expected at most 1000"),
    "an infinite number": ("[1e999]", "f.json:1:2: a number is too large; expected one of 64 bits"),
    "a key twice": ('{"a": 1, "b": {"a": 2},\n "a": 3}', "f.json:2:2: a occurs twice"),
    "a text without an end": ('"' + "\\n" * 2_000_000, "f.json:1:1: is not JSON at '\"'; expected a value"),
    "half a character": ('["\\ud800"]', "f.json:1:2: is not JSON at '\"'; expected both halves of each surrogate pair"),
    "no number": ("NaN", "f.json:1:1: is not JSON at 'N'; expected a value"),
}
"""JSON that is refused, with the sentence of `read_json`."""

FULL: Mapping[str, tuple[str, str]] = {
    "keys": ("".join(f"k{n}: v\n" for n in range(240_000)), f"f.yaml:150000:10: {VALUES}"),
    "documents": ("---\n" * 240_000, f"f.yaml:150002:1: {VALUES}"),
    "values on one line": ("[" + "a," * 240_000 + "]", f"f.yaml:1:300000: {VALUES}"),
}
"""YAML of as many values as there may be and some more, and the sentence that refuses it."""

FULL_READ: Mapping[str, tuple[str, str]] = {
    "a text in JSON": ("f.json", '"' + "a" * (MAX_BYTES - 2) + '"'),
    "escapes in JSON": ("f.json", '"' + "\\n" * (MAX_BYTES // 2 - 1) + '"'),
    "values in JSON": ("f.json", "[" + "1," * 2_000_000 + "1]"),
    "lists in JSON": ("f.json", "[" + "[]," * 1_390_000 + "1]"),
    "objects in JSON": ("f.json", "[" + '{"a":1},' * 500_000 + "1]"),
    "values on one line of other letters": ("f.yaml", "['é'," + "a," * 140_000 + "]"),
}
"""Files as long as they may be, by name and content."""
