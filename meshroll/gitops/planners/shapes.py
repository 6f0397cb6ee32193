"""What a version makes of the text that stands at a place: the kind of text that was there stays.

A whole image keeps its name, a digest takes a digest, and an expression that something else fills in is not a value.
"""

from __future__ import annotations

import re
from dataclasses import replace

from meshroll.errors import BadInputError
from meshroll.gitops.planners import images
from meshroll.settings.fields import VERSION, Field

_EXPRESSION = re.compile(r"\{\{.*?(?:\}\}|$)|\$\{[^}]*\}?|\$\([^)]*\)?")
_NAME = r"[a-z0-9][\w.-]*"
_REFERENCE = r"(?::[\w.-]+)?(?:@sha256:[0-9a-f]{64})?"
_IMAGE = re.compile(rf"(?!sha256:){_NAME}(?:(?::\d+)?(?:/[\w.-]+)+{_REFERENCE}|:[\w.-]+)")
_DIGEST = re.compile(r"(?:.*@)?sha256:[0-9a-f]{64}")


def expression(text: str) -> str:
    """The first expression of Helm, a shell or Kubernetes in a text, empty without one."""
    found = _EXPRESSION.search(text)
    return found[0] if found else ""


def is_image(text: str) -> bool:
    """Whether a text is a whole image, a name with a tag or digest or with a path before it."""
    return _IMAGE.fullmatch(text) is not None


def check_pattern(prefix: str, version: str, where: str) -> None:
    """Raise BadInputError for a version that repeats what the pattern puts before it."""
    if prefix and version.startswith(prefix) and not prefix[-1].isdigit():
        raise BadInputError(
            f"the pattern puts {prefix!r} before the version, and {version!r} has it already",
            where=where,
            expected=version.removeprefix(prefix),
        )


def check_name(field: Field, old: str, new: str, where: str) -> None:
    """Raise BadInputError for an image's name without a tag, of which the new version would leave nothing."""
    if re.fullmatch("[a-z-]+", old) and not is_image(new):
        expected = f"the field {replace(field, pattern=f'{old}:{VERSION}')}"
        raise BadInputError(f"the image {old} has no tag that could change", where=where, expected=expected)


def in_shape(old: str, new: str, where: str) -> str:
    """The text for a version `new` where `old` stands: another tag of the same image, or the text itself.

    Raises BadInputError where the new text would be of another kind than the old one.
    """
    if _DIGEST.fullmatch(old) and "/" not in old and ":" in old and not _DIGEST.fullmatch(new):
        expected = "a digest, sha256:…" if old.startswith("sha256:") else "a tag with its digest, TAG@sha256:…"
        raise BadInputError(f"the value is pinned by its digest, and {new} has none", where=where, expected=expected)
    if is_image(old) and not is_image(new):
        return images.with_reference(old, new, where)
    return new
