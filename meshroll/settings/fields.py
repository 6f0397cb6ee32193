"""The places of a version in files that people wrote, as the stack file and the command line name them.

A field is one key that says where (`label`, `image`, `kustomize`, `helm`, `path`) and a pattern that says which text a
version becomes there. What is asked of a version depends on where it goes, and is checked here before Git is asked.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

from meshroll.errors import BadInputError

FieldKind = Literal["label", "image", "kustomize", "helm", "path"]
VERSION: Final = "{version}"
KINDS: Final[tuple[FieldKind, ...]] = get_args(FieldKind)
EXPECTED: Final = "label:NAME, image[:CONTAINER|:KIND/NAME], kustomize:NAME, helm:FILE#PATH or path:FILE#POINTER"
TAG: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
MAX_TEXT: Final = 512


@dataclass(frozen=True)
class Field:
    """A place of the version in an adopted repository: a kind, which one of that kind, and the text of a version."""

    kind: FieldKind
    value: str  # a name, or FILE#PLACE; empty for the image of the container that is meant anyway
    pattern: str = VERSION

    def __str__(self) -> str:
        # As `parse_field` reads it: the first `=` begins the pattern.
        value = self.value.replace("%", "%25").replace("=", "%3D")
        text = f"{self.kind}:{value}" if value else self.kind
        return text if self.pattern == VERSION else f"{text}={self.pattern}"

    def text(self, version: str) -> str:
        """What the place holds for a version."""
        return self.pattern.replace(VERSION, version)

    def version(self, text: str) -> str | None:
        """The version that a text stands for, None for a text that the pattern does not make."""
        before, _, after = self.pattern.partition(VERSION)
        fits = len(text) > len(before) + len(after) and text.startswith(before) and text.endswith(after)
        return text[len(before) : len(text) - len(after)] if fits else None


def parse_field(text: str, where: str = "--field") -> Field:
    """A field as the command line has it, `KIND:WHAT` and, when it has one, `=PATTERN`. Raises BadInputError.

    A `=` in WHAT is written %3D, and a % before such digits %25; a text without {version} is not a pattern.
    """
    before, equals, pattern = text.partition("=")
    if not equals or VERSION not in pattern:
        before, pattern = text, VERSION
    kind, _, value = before.partition(":")
    value = value.replace("%3D", "=").replace("%25", "%")
    return _checked(Field(_kind(kind, text, where), value, pattern), text, where)


def field_of(values: Mapping[str, Any], where: str) -> Field:
    """A field as the stack file and a Release's inputs have it. Raises BadInputError."""
    kinds = [kind for kind in KINDS if kind in values]
    texts = {key: value for key, value in values.items() if key in (*KINDS, "pattern") and isinstance(value, str)}
    if len(kinds) != 1 or texts.keys() != values.keys():
        raise BadInputError(
            "it is not a field", where=where, expected=f"one of {', '.join(KINDS)}, and perhaps pattern"
        )
    found = Field(kinds[0], texts[kinds[0]], texts.get("pattern", VERSION))
    return _checked(found, f"{found.kind}:{found.value}", where)


def field_values(field: Field) -> dict[str, str]:
    """What `field_of` reads."""
    return {field.kind: field.value, **({"pattern": field.pattern} if field.pattern != VERSION else {})}


def check_fields_version(version: str, fields: Sequence[Field], where: str) -> None:
    """Raise BadInputError for a version that some field cannot hold; without fields, for one that none could."""
    for field in fields or (Field("image", ""),):
        check_text(field, field.text(version), where)


def check_text(field: Field, text: str, where: str) -> None:
    """Raise BadInputError for a text that a place of this kind cannot hold."""
    from meshroll.manifests.names import check_label_value

    if field.kind == "label":
        check_label_value(text, where)
    elif field.kind in ("image", "kustomize"):
        tag, _, digest = text.partition("@")
        fits = DIGEST.fullmatch(text) or (TAG.fullmatch(tag) and ("@" not in text or DIGEST.fullmatch(digest)))
        if not fits:
            expected = "letters, digits, '-', '_' and '.', or sha256: and 64 hexadecimal digits"
            raise BadInputError(f"{text!r} cannot be an image's tag or digest", where=where, expected=expected)
    elif not text.strip() or len(text) > MAX_TEXT or not text.isprintable():
        raise BadInputError(
            f"{text[:40]!r} cannot be a version", where=where, expected=f"1 to {MAX_TEXT} printable characters"
        )


def _kind(text: str, whole: str, where: str) -> FieldKind:
    for kind in KINDS:
        if kind == text:
            return kind
    raise BadInputError(f"{whole!r} is not a field", where=where, expected=EXPECTED)


def _checked(field: Field, text: str, where: str) -> Field:
    file, _, inside = field.value.partition("#")
    incomplete = (
        not (file and inside)
        if field.kind in ("helm", "path")
        else not field.value and field.kind != "image"
    )  # fmt: skip
    if incomplete or not field.value.isprintable():
        raise BadInputError(f"{text!r} is not a field", where=where, expected=EXPECTED)
    if field.pattern.count(VERSION) != 1 or not field.pattern.isprintable():
        raise BadInputError(f"{field.pattern!r} is not a pattern", where=where, expected=f"a text with {VERSION} once")
    return field
