"""A cluster's API with objects as plain dictionaries, on the official Kubernetes client.

The official client brings what is hard (kubeconfig files, exec and certificate authentication, TLS, pooling); its typed
models are left out, because objects of any kind must pass through unchanged.
"""

from __future__ import annotations

import builtins
import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote, urlencode

import urllib3
import yaml
from kubernetes import config
from kubernetes.client import ApiClient, Configuration
from kubernetes.client.exceptions import ApiException
from kubernetes.config.config_exception import ConfigException

from meshroll.errors import BadInputError, MeshrollError, UnavailableError

Object = dict[str, Any]
MERGE_PATCH = "application/merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"
CONNECT_SECONDS = 5.0
READ_SECONDS = 60.0


class ApiError(MeshrollError):
    """The API server refused a request; `status` is the HTTP status, `reason` Kubernetes' own word for it."""

    def __init__(self, what: str, *, status: int, reason: str, where: str) -> None:
        super().__init__(what, where=where)
        self.status = status
        self.reason = reason


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

    def __init__(self, api: ApiClient, name: str) -> None:
        self._api = api
        self.name = name
        self._resources: dict[str, dict[str, _Resource]] = {}
        self._lock = threading.Lock()

    @classmethod
    def connect(cls, kubeconfig: str | Path | None, context: str | None, name: str = "") -> Kube:
        """Read a kubeconfig (None: `KUBECONFIG` or the default file). Nothing is sent yet.

        Raises BadInputError when the file or the context does not exist.
        """
        where = f"cluster {name or context or 'of the current context'}"
        configuration = Configuration()
        try:
            config.load_kube_config(
                config_file=str(kubeconfig) if kubeconfig else None, context=context, client_configuration=configuration
            )
        except (ConfigException, OSError, yaml.YAMLError) as error:
            raise BadInputError(str(error), where=where, expected="a kubeconfig file that holds the context") from error
        configuration.retries = False
        return cls(ApiClient(configuration), name or context or configuration.host)

    @property
    def server(self) -> str:
        """The URL of the API server."""
        return cast("str", self._api.configuration.host)

    def get_raw(self, path: str) -> Object:
        """GET any path of the API server as JSON, `/openapi/v3` for instance. Raises ApiError, UnavailableError."""
        return self._request("GET", path)

    def get(self, api_version: str, kind: str, name: str, namespace: str | None = None) -> Object | None:
        """One object, or None when it does not exist (nor does its kind)."""
        try:
            return self._request("GET", self.path(api_version, kind, namespace, name))
        except ApiError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise

    def list(
        self, api_version: str, kind: str, namespace: str | None = None, *, labels: Mapping[str, str] | None = None
    ) -> list[Object]:
        """All objects of a kind, of one namespace or of all, that carry every one of the labels."""
        query = {"labelSelector": ",".join(f"{k}={v}" for k, v in labels.items())} if labels else {}
        items = self._request("GET", self.path(api_version, kind, namespace), query=query).get("items") or []
        return [{"apiVersion": api_version, "kind": kind, **item} for item in items]

    def create(self, body: Object, *, field_manager: str, dry_run: bool = False, strict: bool = False) -> Object:
        """POST; an existing object is ApiError with reason AlreadyExists."""
        query = _write_query(field_manager, dry_run=dry_run, strict=strict)
        return self._request("POST", self.path_of(body, collection=True), query=query, body=body)

    def apply(
        self, body: Object, *, field_manager: str, force: bool = False, dry_run: bool = False, strict: bool = False
    ) -> Object:
        """Server-side apply: creates the object or takes over the fields given; `strict` refuses unknown fields."""
        query = _write_query(field_manager, dry_run=dry_run, strict=strict) | {"force": str(force).lower()}
        return self._request("PATCH", self.path_of(body), query=query, body=body, content_type=APPLY_PATCH)

    def replace(self, body: Object, *, field_manager: str) -> Object:
        """PUT of a whole object; with a resourceVersion in it, ApiError 409 when it was changed since."""
        query = _write_query(field_manager, dry_run=False, strict=False)
        return self._request("PUT", self.path_of(body), query=query, body=body)

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
        return self._request("PATCH", path, query={"fieldManager": field_manager}, body=patch, content_type=MERGE_PATCH)

    def delete(self, api_version: str, kind: str, name: str, namespace: str | None = None, **options: Any) -> bool:
        """Ask for deletion (`propagationPolicy`, `gracePeriodSeconds`); False when there was no such object."""
        try:
            self._request("DELETE", self.path(api_version, kind, namespace, name), body=options or None)
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
        response = self._send(
            "GET", self.path(api_version, kind, namespace), query, None, None, seconds + 10.0, stream=True
        )
        try:
            for line in _lines(response):
                event = json.loads(line)
                if event["type"] == "ERROR":
                    raise self._error(event["object"].get("code", 500), json.dumps(event["object"]), "watch")
                yield WatchEvent(event["type"], event["object"])
        except urllib3.exceptions.HTTPError as error:
            raise UnavailableError("the watch was cut", where=f"cluster {self.name}") from error
        finally:
            response.close()

    def list_version(
        self, api_version: str, kind: str, namespace: str | None = None
    ) -> tuple[builtins.list[Object], str]:
        """All objects and the resourceVersion to `watch` from."""
        answer = self._request("GET", self.path(api_version, kind, namespace))
        items = [{"apiVersion": api_version, "kind": kind, **item} for item in answer.get("items") or []]
        return items, answer["metadata"]["resourceVersion"]

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
            listed = self._request("GET", root + api_version)
            known = {
                item["kind"]: _Resource(item["name"], item["namespaced"])
                for item in listed.get("resources") or []
                if "/" not in item["name"]
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

    def _request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Object | None = None,
        content_type: str = "application/json",
    ) -> Object:
        response = self._send(method, path, query or {}, body, content_type, READ_SECONDS)
        return cast("Object", json.loads(response.data))

    def _send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        body: Object | None,
        content_type: str | None,
        seconds: float,
        *,
        stream: bool = False,
    ) -> Any:
        headers: dict[str, str] = {"Accept": "application/json"}
        self._api.update_params_for_auth(headers, [], ["BearerToken"], path, method, body)
        if content_type and body is not None:
            headers["Content-Type"] = content_type
        url = self.server + path + ("?" + urlencode(query) if query else "")
        try:
            response = self._api.rest_client.pool_manager.request(
                method,
                url,
                body=None if body is None else json.dumps(body).encode(),
                headers=headers,
                preload_content=not stream,
                timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=seconds),
                retries=False,
            )
        except (urllib3.exceptions.HTTPError, ApiException, OSError) as error:
            raise UnavailableError(
                f"{self.server} cannot be reached ({_cause(error)})", where=f"cluster {self.name}"
            ) from error
        if response.status >= HTTPStatus.BAD_REQUEST:
            text = response.data.decode(errors="replace")
            raise self._error(response.status, text, f"{method} {path}")
        return response

    def _error(self, status: int, text: str, request: str) -> ApiError:
        try:
            answer = json.loads(text)
            message, reason = answer.get("message") or text, answer.get("reason") or ""
        except (json.JSONDecodeError, AttributeError):
            message, reason = text.strip() or f"HTTP {status}", ""
        where = f"cluster {self.name}"
        return ApiError(message if reason else f"{message} ({request})", status=status, reason=reason, where=where)


def _write_query(field_manager: str, *, dry_run: bool, strict: bool) -> dict[str, str]:
    query = {"fieldManager": field_manager, "fieldValidation": "Strict" if strict else "Warn"}
    return query | ({"dryRun": "All"} if dry_run else {})


def _lines(response: Any) -> Iterator[bytes]:
    rest = b""
    for chunk in response.stream(65536, decode_content=False):
        *whole, rest = (rest + chunk).split(b"\n")
        yield from (line for line in whole if line)


def _cause(error: BaseException) -> str:
    text = str(error)
    return text.rsplit(": ", maxsplit=1)[-1].strip("()'\"") or type(error).__name__
