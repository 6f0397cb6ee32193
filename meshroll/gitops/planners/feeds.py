"""What fills in a value that is not written where it is used, as fields that name where it can be changed.

An expression of a chart is filled in from its values files, `${NAME}` by Flux from a Kustomization's postBuild or the
ConfigMaps that it names, `$(NAME)` by Kustomize from the object of a var, and a replacement's targets from its source.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import PurePosixPath
from typing import Any, Protocol, Self

from meshroll.errors import BadInputError
from meshroll.gitops.planners.kustomize_values import Source, items
from meshroll.gitops.planners.proposals import Below, dotted, field_file
from meshroll.gitops.planners.shapes import expression
from meshroll.gitops.planners.workloads import Tokens, objects
from meshroll.manifests.index import at
from meshroll.yamltext import Text, join_pointer

MAX_FIELDS = 3
_VALUES_FILE = re.compile(r"values.*\.ya?ml")
_VALUE = re.compile(r"\.Values((?:\.\w+)+)|\.Chart\.AppVersion")
_IN_BRACES = re.compile(r"\{\{.*?\}\}|\$\{.*?\}")
_VARIABLE = re.compile(r"\$\{(\w+)|\$\((\w+)\)")
_CONFIG_MAP = "ConfigMap"


class Everywhere(Below, Protocol):
    """The files of a repository below a path, and all of them."""

    def everywhere(self) -> Self:
        """The files of the whole repository."""

    def manifest(self, file: str) -> Text | None:
        """A YAML or JSON file by its path from the root."""

    def kustomizations(self) -> Iterator[Text]:
        """The kustomizations below the path."""


def refuse_expression(files: Everywhere, text: Text, pointer: str, description: str) -> None:
    """Raise BadInputError for a value that is an expression, with the fields that feed it where they can be seen."""
    written = text.scalar(pointer).text
    if not expression(written):
        return
    last = _reference(written)
    raise BadInputError(
        f"{description} holds the expression {expression(last)}, which is not a value",
        where=f"{text.place(pointer)} {pointer}",
        expected=_instead(files, text, last),
    )


def source_fields(files: Everywhere, source: Source) -> str:
    """The fields of the object that a replacement takes a value from; empty where they cannot be seen."""
    return " or ".join(islice(_of_object(files, files.everywhere(), source), MAX_FIELDS))


def _reference(written: str) -> str:
    """What follows an image's name: the part behind the last colon, where a name with its own expressions precedes."""
    hidden = _IN_BRACES.sub(lambda found: "x" * len(found[0]), written)
    colon = hidden.rfind(":")
    tail = written[colon + 1 :]
    return tail if colon >= 0 and "/" not in hidden[colon:] and expression(tail) else written


def _variable(written: str) -> str:
    found = _VARIABLE.search(written)
    return (found[1] or found[2]) if found else ""


def _instead(files: Everywhere, text: Text, written: str) -> str:
    """What to change instead of an expression."""
    root = files.everywhere()
    name = _variable(written)
    if name:
        fields, sources = _of_variable(files, root, name, by_flux=f"${{{name}" in written)
    else:
        fields, sources = list(_in_chart(files, root, text, written)), []
    if fields:
        return f"a field such as {' or '.join(fields[:MAX_FIELDS])}"
    if sources:
        return f"a change of {' or '.join(map(str, sources[:MAX_FIELDS]))}"
    return f"a field that names where {name} is set" if name else "a field that names the value which feeds it"


def _of_variable(files: Everywhere, root: Everywhere, name: str, *, by_flux: bool) -> tuple[list[str], list[Source]]:
    """The fields that set a variable, and the objects that it is taken from."""
    own = list(_substitutes(files, root, name)) if by_flux else []
    sources = list(dict.fromkeys(_substituted_from(root, name) if by_flux else _vars(root, name)))
    return [*own, *(field for source in sources for field in _of_object(files, root, source))], sources


def _in_chart(files: Everywhere, root: Everywhere, text: Text, written: str) -> Iterator[str]:
    """The values of the chart that a template belongs to: those of the last keys that are there first."""
    chart = next((folder for folder in PurePosixPath(text.where).parents if _in(root, folder, "Chart.yaml")), None)
    if chart is None:
        return
    for found in _VALUE.finditer(written):
        if not found[1]:
            yield from _field(files, _in(root, chart, "Chart.yaml"), (0, "appVersion"))
            continue
        keys = found[1].lstrip(".").split(".")
        beside = [values for values in root.mentioning(keys[-1]) if PurePosixPath(values.where).parent == chart]
        for values in sorted(beside, key=lambda values: PurePosixPath(values.where).name != "values.yaml"):
            if _VALUES_FILE.fullmatch(PurePosixPath(values.where).name):
                yield from _field(files, values, (0, *keys), helm=True)


def _in(root: Everywhere, folder: PurePosixPath, name: str) -> Text | None:
    return root.manifest(str(folder / name))


def _flux(root: Everywhere) -> Iterator[tuple[Text, Tokens, Any]]:
    """What each Kustomization of Flux substitutes."""
    for text in root.mentioning("postBuild"):
        for tokens, item in objects(text):
            if item["kind"] == "Kustomization":
                yield text, (*tokens, "spec", "postBuild"), at(item, "spec", "postBuild")


def _substitutes(files: Everywhere, root: Everywhere, name: str) -> Iterator[str]:
    for text, tokens, _ in _flux(root):
        yield from _field(files, text, (*tokens, "substitute", name))


def _substituted_from(root: Everywhere, name: str) -> Iterator[Source]:
    for _, _, build in _flux(root):
        for source in items(build, "substituteFrom"):
            yield Source(str(at(source, "kind")), str(at(source, "name")), f"data.{name}")


def _vars(root: Everywhere, name: str) -> Iterator[Source]:
    """Where Kustomize takes a var from."""
    for text in root.kustomizations():
        for document in text.documents:
            for entry in items(document, "vars"):
                if at(entry, "name") == name:
                    target, path = at(entry, "objref"), at(entry, "fieldref", "fieldpath")
                    yield Source(str(at(target, "kind")), str(at(target, "name")), str(path or "metadata.name"))


def _of_object(files: Everywhere, root: Everywhere, source: Source) -> Iterator[str]:
    """A value of an object in the repository, or of the literals that Kustomize makes a ConfigMap of."""
    if source.kind == "Secret":  # a field shows its value
        return
    keys = source.path.split(".")
    for text in root.mentioning(source.name):
        for tokens, item in objects(text):
            if (item["kind"], item["metadata"]["name"]) == (source.kind, source.name):
                yield from _field(files, text, (*tokens, *keys))
        for index, document in enumerate(text.documents):
            if source.kind == _CONFIG_MAP and keys[0] == "data":
                yield from _generated(files, text, index, document, source.name, keys[-1])


def _generated(files: Everywhere, text: Text, index: int, document: Any, name: str, key: str) -> Iterator[str]:
    for number, generator in enumerate(items(document, "configMapGenerator")):
        if isinstance(generator, Mapping) and generator.get("name") == name:
            for place, literal in enumerate(items(generator, "literals")):
                if isinstance(literal, str) and literal.startswith(f"{key}="):
                    pointer = join_pointer((index, "configMapGenerator", number, "literals", place))
                    yield f"path:{field_file(files, text)}#{pointer.lstrip('/')}={key}={{version}} ({literal})"


def _field(files: Everywhere, text: Text | None, tokens: tuple[str | int, ...], *, helm: bool = False) -> Iterator[str]:
    """The field of a scalar, with its value and place, where there is one."""
    pointer = join_pointer(tokens)
    if text is None or pointer not in text or isinstance(text.value(pointer), dict | list):
        return
    inside = f"helm:{field_file(files, text)}#{dotted([str(token) for token in tokens[1:]])}"
    field = inside if helm else f"path:{field_file(files, text)}#{pointer.lstrip('/')}"
    yield f"{field} ({text.scalar(pointer).text or 'empty'}, {text.place(pointer)})"
