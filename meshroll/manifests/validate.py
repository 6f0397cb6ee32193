"""Objects against the cluster that will get them, before anything is committed, through one interface.

`OpenApiValidator` compares with the API server's published schemas; it refuses unknown fields, as strict field
validation does, and knows nothing of CEL rules and webhooks. `DryRunValidator` lets the API server
itself judge; it needs the namespace, and says so (`notes`) where that does not exist yet. Problems are never errors by
themselves: use `check`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Protocol

from meshroll.errors import BadInputError, MeshrollError
from meshroll.manifests.index import Object, namespace_of, title
from meshroll.manifests.openapi import Schemas
from meshroll.manifests.problem import Problem

FIELD_MANAGER = "meshroll"


class Validator(Protocol):
    """Judges objects; changes nothing."""

    def problems(self, objects: Sequence[Object]) -> list[Problem]:
        """What is wrong with the objects."""
        ...

    def notes(self, objects: Sequence[Object]) -> list[str]:
        """What was not judged, a sentence each."""
        ...


class DryRunApi(Protocol):
    """The part of a cluster's API that a dry run needs (`meshroll.kube.Kube` has it)."""

    def get(self, api_version: str, kind: str, name: str, namespace: str | None = None) -> dict[str, Any] | None:
        """One object, or None."""
        ...

    def apply(
        self, body: dict[str, Any], *, field_manager: str, force: bool, dry_run: bool, strict: bool
    ) -> dict[str, Any]:
        """Server-side apply."""
        ...


class OpenApiValidator:
    """Judges by OpenAPI v3 documents: API version ("v1", "argoproj.io/v1alpha1") to document."""

    def __init__(self, documents: Mapping[str, Mapping[str, Any]]) -> None:
        self._schemas = {version: Schemas(document) for version, document in documents.items()}

    def problems(self, objects: Sequence[Object]) -> list[Problem]:
        """Unknown kinds and fields, wrong types and values."""
        return [problem for item in objects for problem in self._judge(item)]

    def notes(self, objects: Sequence[Object]) -> list[str]:  # noqa: ARG002 - the interface's
        """Nothing: every object is judged."""
        return []

    def _judge(self, item: Object) -> list[Problem]:
        version, kind = str(item.get("apiVersion", "")), str(item.get("kind", ""))
        schemas = self._schemas.get(version)
        found = schemas.problems(version, kind, item) if schemas else None
        if found is None:
            return [Problem("/kind", f"the cluster does not know {kind} of {version}", file=title(item))]
        return [Problem(problem.pointer, problem.message, problem.expected, title(item)) for problem in found]


class DryRunValidator:
    """Judges by a server-side apply that the API server does not persist."""

    def __init__(self, kube: DryRunApi) -> None:
        self._kube = kube
        self._namespaces: dict[str, bool] = {}

    def problems(self, objects: Sequence[Object]) -> list[Problem]:
        """What the API server refuses. Raises UnavailableError when it cannot be asked."""
        found = []
        for item in objects:
            if not self._exists(namespace_of(item)):
                continue
            try:
                # Forced: Argo CD owns the fields of what is there already, and a conflict is no fault of the object.
                self._kube.apply(dict(item), field_manager=FIELD_MANAGER, force=True, dry_run=True, strict=True)
            except MeshrollError as error:
                if not hasattr(error, "status"):
                    raise
                found.append(Problem("", error.what, file=title(item)))
        return found

    def notes(self, objects: Sequence[Object]) -> list[str]:
        """The namespaces whose objects could not be tried."""
        missing = sorted({namespace_of(item) for item in objects if not self._exists(namespace_of(item))})
        return [f"the dry run is skipped: the namespace {name} does not exist yet" for name in missing]

    def _exists(self, namespace: str) -> bool:
        if namespace and namespace not in self._namespaces:
            self._namespaces[namespace] = self._kube.get("v1", "Namespace", namespace) is not None
        return self._namespaces.get(namespace, True)


def check(validators: Iterable[Validator], objects: Sequence[Object]) -> list[str]:
    """Raise BadInputError for the first problem of any validator; else answer all notes."""
    notes: list[str] = []
    for validator in validators:
        for problem in validator.problems(objects):
            where = " ".join(part for part in (problem.file, problem.pointer) if part)
            raise BadInputError(problem.message, where=where, expected=problem.expected)
        notes += validator.notes(objects)
    return notes


def fetch_documents(get_raw: Callable[[str], dict[str, Any]], objects: Sequence[Object]) -> dict[str, dict[str, Any]]:
    """The OpenAPI v3 documents for the objects' API versions; one that the server does not serve is left out."""
    documents = {}
    for version in sorted({str(item.get("apiVersion", "")) for item in objects}):
        try:
            documents[version] = get_raw(f"/openapi/v3/{'apis' if '/' in version else 'api'}/{version}")
        except MeshrollError as error:
            if getattr(error, "status", None) != HTTPStatus.NOT_FOUND:
                raise
    return documents
