"""Files as people write them, made up by hypothesis together with the place of each value.

The writer knows the values and where it puts them without reading anything back: what the package finds is held
against it.
"""

import json
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

KEYS = ["version", "image", "name", "a b", "app.kubernetes.io/version", "x~y", "é雪", "1", "true", "on", "🐍", "tag:x"]
PLAIN = [
    "v1",
    "v1.2.3",
    "registry.example/shop/web:v0.2",
    "a b",
    "é",
    "it's",
    "x#y",
    "a:b",
    "-1-x",
    "yes",
    "/p/q?r",
    "🐍",
]
TYPED = [("1.10", 1.1), ("12", 12), ("true", True), ("null", None), ("1e3", 1000), ("0x10", 16)]
QUOTED = ["", "v1", "1.10", "a: b # c", 'say "x"', "it's", "é雪🐍", " lead", "null", "{x}", "- y", "\\d"]
COMMENTS = ["", "", " # version: v1", " # é🐍 'x' \"", "  ", " #"]
TEXTS = [
    "v2",
    "2",
    "1.10",
    "1e3",
    "0x10",
    "0o17",
    "on",
    "Off",
    "y",
    "null",
    "~",
    "",
    "2026-11-23",
    "2026-11-23T10:00:00Z",
    "1:30",
    "1_000",
    "0777",
]
TEXTS += [
    "=",
    "<<",
    "a: b",
    "x #y",
    "- z",
    "it's",
    'a"b',
    "é雪",
    "🐍",
    "sha256:0123",
    "r.example/x:v1@sha256:00",
    "1.2.3",
    ".5",
    "+1",
]
TEXTS += [
    " x",
    "x ",
    "a\tb",
    "a\nb",
    "\u2028",
    "\x85",
    "\ufeff",
    "\x00",
    "\\",
    "{a}",
    "[",
    "a,b",
    "@x",
    "`",
    "%x",
    "|",
    ">-",
    "!x",
    "&x",
    "*x",
    "?",
    ":",
    "---",
    "...",
    "#",
]


@dataclass
class Spot:
    """A scalar that may be changed."""

    pointer: str
    start: int  # bytes
    end: int
    style: str


@dataclass
class File:
    """What was written."""

    content: bytes
    documents: list
    spots: list[Spot]
    name: str


@dataclass
class Writer:
    draw: Any
    newline: str
    parts: list[str] = field(default_factory=list)
    spots: list[tuple] = field(default_factory=list)
    size: int = 0

    def put(self, text):
        text = text.replace("\n", self.newline)
        self.parts.append(text)
        self.size += len(text.encode())

    def pick(self, options):
        return options[self.draw(st.integers(0, len(options) - 1))]

    def comment(self):
        self.put(self.pick(COMMENTS) + "\n")

    def between(self, indent):
        if "".join(self.parts[-1:]).endswith(f"# no comment{self.newline}"):
            return  # a comment here would belong to the block of text
        self.put(self.pick(["", "", "", "\n", f"{' ' * indent}# v1: x\n", "        # deep\n", "   \n"]))

    def scalar(self, pointer, *, flow):
        anchor = self.pick(["", "", "", "", f"&n{len(self.spots)} ", "!!str "])
        style = self.pick(["plain", "plain", "typed", "'", '"'])
        if style == "plain":
            text = value = self.pick(PLAIN)
            if flow and (":" in text or "?" in text):
                text = value = "v1"
            style = ""
        elif style == "typed":
            text, value = self.pick(TYPED)
            value, style = (text if "!!str" in anchor else value), ""
        else:
            value = self.pick(QUOTED)
            text = (
                "'" + value.replace("'", "''") + "'"
                if style == "'"
                else json.dumps(value, ensure_ascii=self.draw(st.booleans()))
            )
            text = text.replace("\\ud83d\\udc0d", "🐍")
        self.put(anchor)
        start = self.size
        self.put(text)
        self.spots.append((pointer, start, self.size, style))
        return value

    def key(self, name):
        self.put(self.pick([json.dumps(name, ensure_ascii=False), f"'{name}'", name]))

    def names(self):
        return self.draw(st.lists(st.sampled_from(KEYS), min_size=1, max_size=4, unique=True))

    def flow(self, pointer, depth):
        kind = self.pick(["scalar", "scalar", "map", "list"] if depth < 3 else ["scalar"])
        if kind == "scalar":
            return self.scalar(pointer, flow=True)
        space = self.pick(["", " ", "\n                "])
        self.put(("{" if kind == "map" else "[") + space)
        result: Any = {} if kind == "map" else []
        entries = self.names() if kind == "map" else range(self.draw(st.integers(0, 3)))
        for index, name in enumerate(entries):
            if index:
                self.put(self.pick([", ", " , ", ",\n                "]))
            if kind == "map":
                self.key(name)
                self.put(": ")
                result[name] = self.flow(f"{pointer}/{escape(name)}", depth + 1)
            else:
                result.append(self.flow(f"{pointer}/{name}", depth + 1))
        self.put(self.pick(["", " "]) + ("}" if kind == "map" else "]"))
        return result

    def value(self, pointer, indent, depth):
        """What follows a key or a dash, to the end of its last line."""
        kind = self.pick(
            ["scalar", "scalar", "scalar", "flow", "block", "map", "list"] if depth < 4 else ["scalar", "flow"]
        )
        if kind == "scalar":
            self.put(self.pick([" ", "  "]))
            result = self.scalar(pointer, flow=False)
            self.comment()
        elif kind == "flow":
            self.put(" ")
            result = self.flow(pointer, 0)
            self.comment()
        elif kind == "block":
            pad = " " * (indent + 2)
            header = self.pick(["|", "|-", ">-"])
            self.put(f" {header}\n{pad}version: v1\n{pad}# no comment\n")
            result = {
                "|": "version: v1\n# no comment\n",
                "|-": "version: v1\n# no comment",
                ">-": "version: v1 # no comment",
            }[header]
        else:
            self.comment()
            inner = indent + self.pick([2, 4, 1])
            result = (
                self.mapping(pointer, inner, depth + 1) if kind == "map" else self.sequence(pointer, inner, depth + 1)
            )
        return result

    def mapping(self, pointer, indent, depth):
        result = {}
        for name in self.names():
            self.between(indent)
            self.put(" " * indent)
            self.key(name)
            self.put(self.pick([":", ":", " :"]))
            result[name] = self.value(f"{pointer}/{escape(name)}", indent, depth)
        return result

    def sequence(self, pointer, indent, depth):
        result: list[Any] = []
        for index in range(self.draw(st.integers(1, 3))):
            self.between(indent)
            self.put(" " * indent + "-")
            result.append(self.value(f"{pointer}/{index}", indent, depth))
        return result


def escape(name):
    return name.replace("~", "~0").replace("/", "~1")


@st.composite
def yaml_files(draw):
    """A YAML file of one to three documents."""
    writer = Writer(draw, draw(st.sampled_from(["\n", "\n", "\r\n"])))
    if draw(st.integers(0, 3)) == 0:
        writer.put("\ufeff")
    documents = []
    count = draw(st.integers(1, 3))
    if draw(st.booleans()):
        writer.put(draw(st.sampled_from(["---\n", "# first\n---\n", "%YAML 1.1\n---\n", "--- # x\n"])))
    for index in range(count):
        if index:
            writer.put(draw(st.sampled_from(["---\n", "...\n---\n", "--- # next\n", "---\n# x\n"])))
        make = writer.mapping if draw(st.booleans()) else writer.sequence
        documents.append(make(f"/{index}", 0, 0))
    content = "".join(writer.parts).encode()
    if draw(st.integers(0, 3)) == 0 and max((end for _, _, end, _ in writer.spots), default=0) <= len(content.rstrip()):
        content = content.rstrip(b"\r\n") if not content.rstrip(b"\r\n").endswith(b"comment") else content
    return File(content, documents, [Spot(*spot) for spot in writer.spots], "shop/web.yaml")


@st.composite
def json_files(draw):
    """A JSON file, indented by whatever."""
    writer = Writer(draw, draw(st.sampled_from(["\n", "\r\n"])))
    if draw(st.integers(0, 3)) == 0:
        writer.put("\ufeff")

    def space():
        writer.put(draw(st.sampled_from(["", " ", "\n\t", "\n  "])))

    def value(pointer, depth):
        result: Any
        kind = draw(st.sampled_from(["text", "text", "other", "map", "list"][: 3 if depth > 3 else 5]))
        if kind in ("text", "other"):
            result = draw(st.sampled_from([*QUOTED, "\x7f", "\u2028"] if kind == "text" else [1, -2.5, True, None]))
            start = writer.size
            writer.put(
                json.dumps(result, ensure_ascii=draw(st.booleans())).replace("/", draw(st.sampled_from(["/", "\\/"])))
            )
            writer.spots.append((pointer, start, writer.size, '"' if kind == "text" else ""))
            return result
        writer.put("{" if kind == "map" else "[")
        result = {} if kind == "map" else []
        for index, name in enumerate(writer.names() if kind == "map" else range(draw(st.integers(0, 3)))):
            if index:
                writer.put(",")
            space()
            if kind == "map":
                writer.put(json.dumps(name, ensure_ascii=draw(st.booleans())))
                space()
                writer.put(":")
                space()
                result[name] = value(f"{pointer}/{escape(name)}", depth + 1)
            else:
                result.append(value(f"{pointer}/{name}", depth + 1))
            space()
        writer.put("}" if kind == "map" else "]")
        return result

    space()
    documents = [value("/0", 0)]
    space()
    return File("".join(writer.parts).encode(), documents, [Spot(*spot) for spot in writer.spots], "shop/values.json")


versions = st.from_regex(r"v?[0-9]{1,2}(\.[0-9]{1,3}){0,2}(-[a-z0-9]{1,4})?", fullmatch=True)
anything = st.text(st.characters(codec="utf-8"), max_size=12)
texts = st.one_of(versions, st.sampled_from(TEXTS), anything)
"""What a value may be changed to: mostly versions, then all that is hard, then anything."""
