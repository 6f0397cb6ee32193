"""Files within a file: in blocks of both kinds and in quotes, whatever is around them."""

import json
from dataclasses import dataclass

import yaml
from hypothesis import assume
from hypothesis import strategies as st

from meshroll.errors import BadInputError
from meshroll.yamltext import parse, replace_scalars
from tests.support.yamltext.files import texts, yaml_files

POINTER = "/0/spec/values"


@dataclass(frozen=True)
class Around:
    """How a file is written within another."""

    style: str  # of the block, or a quote
    indent: int
    newline: str
    after: str  # what follows, after the last line of the text

    def written(self, inner: str) -> bytes:
        """The whole file."""
        text = f"{self._scalar(inner)}{self.after}"
        return f"# the values\nspec:\n  name: é\n  values: {text}".replace("\n", self.newline).encode()

    def _scalar(self, inner: str) -> str:
        if self.style == '"':
            return json.dumps(inner, ensure_ascii=False)
        if self.style == ">":
            folded = yaml.dump(inner, default_style=">", width=1 << 20, allow_unicode=True, indent=self.indent + 2)
            return folded.removesuffix("\n...\n").removesuffix("\n")
        chomp = "+" if inner.endswith("\n\n") or not inner.strip("\n") else "" if inner.endswith("\n") else "-"
        lines = "\n".join(line and " " * (self.indent + 2) + line for line in inner.removesuffix("\n").split("\n"))
        return f"|{self.indent}{chomp} # as it is\n{lines}"


@dataclass(frozen=True)
class Edit:
    """A file, how it is written within another, and new texts for some of its scalars."""

    around: Around
    inner: str
    changes: dict[str, str]


@st.composite
def edits(draw) -> Edit:
    """Edits of a file within another."""
    file = draw(yaml_files())
    assume(file.spots)
    inner = file.content.decode().removeprefix("\ufeff").replace("\r\n", "\n")
    assume(any(document for document in file.documents if isinstance(document, (dict, list))))
    spots = draw(st.lists(st.sampled_from(file.spots), min_size=1, max_size=3, unique_by=lambda spot: spot.pointer))
    around = Around(
        draw(st.sampled_from(["|", "|", ">", '"'])),
        draw(st.integers(1, 4)),
        draw(st.sampled_from(["\n", "\r\n"])),
        draw(st.sampled_from(["", "\n", "\nmore: 1\n", "\n# no more\n"])),
    )
    return Edit(around, inner, {spot.pointer: draw(texts) for spot in spots})


def check(edit: Edit) -> None:
    """The same edit within the text and of the text by itself."""
    expected = replace_scalars(edit.inner.encode(), edit.changes, "inner.yaml").decode()
    before, after = edit.around.written(edit.inner), edit.around.written(expected)
    assume(_is(before, edit) and _is(after, edit))  # PyYAML folds some texts otherwise than it reads them, or not
    inside = {f"{POINTER}{pointer}": new for pointer, new in edit.changes.items()}
    assert replace_scalars(before, inside, "around.yaml") == after
    assert replace_scalars(after, inside, "around.yaml") == after


def _is(content: bytes, edit: Edit) -> bool:
    """Whether a file holds a text in the style that was drawn."""
    try:
        return parse(content, "around.yaml").scalar(POINTER).style == edit.around.style
    except BadInputError:
        return False
