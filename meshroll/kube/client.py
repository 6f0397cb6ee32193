"""A cluster's API with objects as plain dictionaries.

The official Kubernetes client brings credentials that are run, fetched or renewed (see `official`); its typed models
are left out, because objects of any kind must pass through unchanged.
"""

from __future__ import annotations

import builtins
import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from meshroll.kube import answers
from meshroll.kube.api import ApiError, Object
from meshroll.kube.http import READ_SECONDS, Http
from meshroll.kube.kubeconfig import Kubeconfig

MERGE_PATCH = "application/merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"


@dataclass(frozen=True)
class WatchEvent:
    """One change: `type` is ADDED, MODIFIED or DELETED."""

    type: str
    object: Object


@dataclass(frozen=True)
class _Resource:
    plural: str
    namespaced: bool


class Kube:
    """The API of one cluster. `name` appears in errors. Safe to share between threads."""

    def __init__(self, http: Http) -> None:
        self._http = http
        self.name = http.name
        self._resources: dict[str, dict[str, _Resource]] = {}
        self._lock = threading.Lock()

    @classmethod
    def connect(
        cls, kubeconfig: Kubeconfig, context: str | None, name: str = "", *, read_seconds: float = READ_SECONDS
    ) -> Kube:
        """Read a kubeconfig; nothing is sent yet. A server silent for `read_seconds` counts as away. See Http.open."""
        return cls(Http.open(kubeconfig, context, name, read_seconds=read_seconds))

    @property
    def server(self) -> str:
        """The URL of the API server."""
        return self._http.server

    def get_raw(self, path: str) -> Object:
        """GET any path of the API server as JSON, `/openapi/v3` for instance. Raises ApiError, UnavailableError."""
        return self._http.request("GET", path)

    def get(self, api_version: str, kind: str, name: str, namespace: str | None = None) -> Object | None:
        """One object, or None when it does not exist (nor does its kind)."""
        try:
            return self._http.request("GET", self.path(api_version, kind, namespace, name))
        except ApiError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise

    def list(
        self, api_version: str, kind: str, namespace: str | None = None, *, labels: Mapping[str, str] | None = None
    ) -> list[Object]:
        """All objects of a kind, of one namespace or of all, that carry every one of the labels."""
        query = {"labelSelector": ",".join(f"{k}={v}" for k, v in labels.items())} if labels else {}
        answer = self._http.request("GET", self.path(api_version, kind, namespace), query=query)
        return self._items(answer, api_version, kind)

    def create(self, body: Object, *, field_manager: str, dry_run: bool = False, strict: bool = False) -> Object:
        """POST; an existing object is ApiError with reason AlreadyExists."""
        query = _write_query(field_manager, dry_run=dry_run, strict=strict)
        return self._http.request("POST", self.path_of(body, collection=True), query=query, body=body)

    def apply(
        self, body: Object, *, field_manager: str, force: bool = False, dry_run: bool = False, strict: bool = False
    ) -> Object:
        """Server-side apply: creates the object or takes over the fields given; `strict` refuses unknown fields."""
        query = _write_query(field_manager, dry_run=dry_run, strict=strict) | {"force": str(force).lower()}
        return self._http.request("PATCH", self.path_of(body), query=query, body=body, content_type=APPLY_PATCH)

    def replace(self, body: Object, *, field_manager: str) -> Object:
        """PUT of a whole object; with a resourceVersion in it, ApiError 409 when it was changed since."""
        query = _write_query(field_manager, dry_run=False, strict=False)
        return self._http.request("PUT", self.path_of(body), query=query, body=body)

    def patch(
        self,
        api_version: str,
        kind: str,
        name: str,
        namespace: str | None,
        patch: Object,
        *,
        field_manager: str,
        subresource: str = "",
    ) -> Object:
        """JSON merge patch of an object or its subresource (`status` for instance)."""
        path = self.path(api_version, kind, namespace, name) + (f"/{subresource}" if subresource else "")
        return self._http.request(
            "PATCH", path, query={"fieldManager": field_manager}, body=patch, content_type=MERGE_PATCH
        )

    def delete(self, api_version: str, kind: str, name: str, namespace: str | None = None, **options: Any) -> bool:
        """Ask for deletion (`propagationPolicy`, `gracePeriodSeconds`); False when there was no such object."""
        try:
            self._http.request("DELETE", self.path(api_version, kind, namespace, name), body=options or None)
        except ApiError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return False
            raise
        return True

    def watch(
        self, api_version: str, kind: str, namespace: str | None = None, *, resource_version: str, seconds: int = 300
    ) -> Iterator[WatchEvent]:
        """Changes since a resourceVersion until the server closes after `seconds`. Raises ApiError 410 when too old."""
        query = {"watch": "true", "resourceVersion": resource_version, "timeoutSeconds": str(seconds)}
        for event in self._http.lines(self.path(api_version, kind, namespace), query, seconds + 10.0):
            with self._http.within_shape():
                change = WatchEvent(answers.text(event, "type"), answers.an_object(event.get("object")))
            if change.type == "ERROR":
                code = change.object.get("code")
                raise self._http.error(code if isinstance(code, int) else 500, json.dumps(change.object), "watch")
            yield change

    def list_version(
        self, api_version: str, kind: str, namespace: str | None = None
    ) -> tuple[builtins.list[Object], str]:
        """All objects and the resourceVersion to `watch` from."""
        answer = self._http.request("GET", self.path(api_version, kind, namespace))
        with self._http.within_shape():
            version = answers.text(answer.get("metadata") or {}, "resourceVersion")
        return self._items(answer, api_version, kind), version

    def _items(self, answer: Object, api_version: str, kind: str) -> builtins.list[Object]:
        with self._http.within_shape():
            return [{"apiVersion": api_version, "kind": kind, **item} for item in answers.items(answer)]

    def path_of(self, body: Object, *, collection: bool = False) -> str:
        """The URL path of an object given whole."""
        metadata = body.get("metadata", {})
        name = None if collection else metadata["name"]
        return self.path(body["apiVersion"], body["kind"], metadata.get("namespace"), name)

    def path(self, api_version: str, kind: str, namespace: str | None = None, name: str | None = None) -> str:
        """The URL path of a kind or one object; ApiError 404 where the cluster does not know the kind."""
        resource = self._resource(api_version, kind)
        root = "/apis/" if "/" in api_version else "/api/"
        parts = [root + api_version]
        if namespace and resource.namespaced:
            parts += ["namespaces", quote(namespace, safe="")]
        parts.append(resource.plural)
        if name:
            parts.append(quote(name, safe=""))
        return "/".join(parts)

    def knows(self, api_version: str, kind: str) -> bool:
        """Whether the cluster serves a kind (its CRD is there)."""
        try:
            self._resource(api_version, kind)
        except ApiError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return False
            raise
        return True

    def is_namespaced(self, api_version: str, kind: str) -> bool:
        """Whether objects of a kind live in namespaces; ApiError 404 for an unknown kind."""
        return self._resource(api_version, kind).namespaced

    def _resource(self, api_version: str, kind: str) -> _Resource:
        with self._lock:
            known = self._resources.get(api_version, {})
        if kind not in known:
            root = "/apis/" if "/" in api_version else "/api/"
            listed = self._http.request("GET", root + api_version)
            with self._http.within_shape():
                known = {
                    answers.text(item, "kind"): _Resource(answers.text(item, "name"), bool(item.get("namespaced")))
                    for item in answers.items(listed, "resources")
                    if "/" not in answers.text(item, "name")
                }
            with self._lock:
                self._resources[api_version] = known
        if kind not in known:
            raise ApiError(
                f"the cluster does not know {kind} of {api_version}",
                status=HTTPStatus.NOT_FOUND,
                reason="NotFound",
                where=f"cluster {self.name}",
            )
        return known[kind]


def _write_query(field_manager: str, *, dry_run: bool, strict: bool) -> dict[str, str]:
    query = {"fieldManager": field_manager, "fieldValidation": "Strict" if strict else "Warn"}
    return query | ({"dryRun": "All"} if dry_run else {})
