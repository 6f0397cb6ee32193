"""An image taken apart, `host:5000/team/name:tag@sha256:…`: what a release changes is what follows the name."""

from __future__ import annotations

from meshroll.errors import BadInputError


def parts(image: str) -> tuple[str, str]:
    """The name, and what follows it: a tag, a digest, `tag@digest`, or nothing."""
    name, at, digest = image.partition("@")
    before, colon, tag = name.rpartition(":")
    if not colon or "/" in tag:  # a colon before a slash is a port's
        before, tag = name, ""
    return before, f"{tag}@{digest}" if tag and at else tag or digest


def with_reference(image: str, reference: str, where: str) -> str:
    """The image with another tag or digest. Raises BadInputError where a new tag would change nothing."""
    name, old = parts(image)
    if ":" in old and ":" not in reference:  # no tag holds a colon
        raise BadInputError(
            f"the image is pinned by its digest, beside which the tag {reference} means nothing",
            where=where,
            expected="a digest, sha256:…",
        )
    return f"{name}@{reference}" if reference.startswith("sha256:") else f"{name}:{reference}"


def last_name(image: str) -> str:
    """The last part of the name: what the service is usually called."""
    return parts(image)[0].rpartition("/")[2]
