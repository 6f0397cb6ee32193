"""Fields that could hold a service's version where none is found by itself: what an error proposes to its reader."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from pathlib import PurePosixPath
from typing import Protocol

from meshroll.errors import BadInputError
from meshroll.gitops.planners import images
from meshroll.gitops.planners.workloads import KINDS, objects
from meshroll.yamltext import Scalar, Text, join_pointer

MAX_PROPOSED = 3
_VALUES = re.compile(r"values.*\.ya?ml|HelmRelease")
_IMAGE_KEYS = ("image", "tag")
_HELM = ("HelmRelease", "Application", "ApplicationSet")  # kinds that hold a chart's values
_HELM_VALUES = frozenset({"values", "valuesObject"})


class Below(Protocol):
    """The files of a repository below a path."""

    folder: str

    def mentioning(self, word: str) -> Iterator[Text]:
        """Those in which a text occurs."""


def proposals(files: Below, service: str) -> list[str]:
    """Up to three fields, as the command line takes them, each with the value that is there."""
    return list(islice(_every(files, service), MAX_PROPOSED))


def _every(files: Below, service: str) -> Iterator[str]:
    for text in files.mentioning(service):
        for tokens, item in objects(text):
            if item["metadata"]["name"] == service and item["kind"] not in KINDS:
                yield from _of_object(files, text, tokens, item["kind"])
    for text in files.mentioning("tag"):
        if _VALUES.fullmatch(PurePosixPath(text.where).name):
            for names, scalar in _scalars(text):
                if names and names[-1] in _IMAGE_KEYS and _is_version(scalar.text):
                    yield f"helm:{field_file(files, text)}#{dotted(names)} ({scalar.text})"


def _of_object(files: Below, text: Text, tokens: tuple[str | int, ...], kind: str) -> Iterator[str]:
    for names, scalar in _scalars(text, join_pointer(tokens)):
        if kind in _HELM:
            holder = text.value(scalar.pointer.rpartition("/")[0])
            parameter = str(holder.get("name")).split(".") if names[-1] == "value" and "parameters" in names else []
            key = (parameter or (names if _HELM_VALUES.intersection(names) else [""]))[-1]
            if key in _IMAGE_KEYS and _is_version(scalar.text):
                yield f"helm:{field_file(files, text)}#{dotted(names)} ({scalar.text})"
        elif names[-1] == "image":
            yield f"path:{field_file(files, text)}#{scalar.pointer.lstrip('/')} ({kind}: {scalar.text})"


def _scalars(text: Text, below: str = "") -> Iterator[tuple[list[str], Scalar]]:
    """The scalars of a file and of the texts within it that are YAML, each with the keys that lead to it in a field."""
    for scalar in text.scalars(below):
        names = scalar.pointer.split("/")[2:]
        within = None
        with suppress(BadInputError):
            within = text.within(scalar.pointer)
        if within is None:
            yield names, scalar
        else:
            inner = _scalars(within)
            yield from ((names + more, replace(one, pointer=scalar.pointer + one.pointer)) for more, one in inner)


def _is_version(text: str) -> bool:
    return bool(text) and (images.parts(text)[1] != "" or re.fullmatch(r"[\w.-]+", text) is not None)


def field_file(files: Below, text: Text) -> str:
    """The name of a file as a field has it: from the folder, or with a slash from the root."""
    inside = f"{files.folder}/" if files.folder else ""
    return text.where.removeprefix(inside) if text.where.startswith(inside) else f"/{text.where}"


def dotted(names: list[str]) -> str:
    """The dotted path of a values file's keys."""
    path = ""
    for name in names:
        name = name.replace("~1", "/").replace("~0", "~")  # noqa: PLW2901 - as a JSON pointer spells it
        if name.isdecimal():
            path += f"[{name}]"
        else:
            path += ("." if path else "") + re.sub(r"([.\[\]\\])", r"\\\1", name)
    return path
