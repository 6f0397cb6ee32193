"""Requests to one API server: authentication and TLS of the official client, JSON in and out, errors as sentences."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlencode

import urllib3
import yaml
from kubernetes import config
from kubernetes.client import ApiClient, Configuration
from kubernetes.client.exceptions import ApiException
from kubernetes.config.config_exception import ConfigException

from meshroll.errors import BadInputError, MeshrollError, UnavailableError

Object = dict[str, Any]
# A file, the document of one, or None for `KUBECONFIG` or the default file.
Kubeconfig = str | Path | Mapping[str, Any] | None
CONNECT_SECONDS = 5.0
READ_SECONDS = 60.0
LONGEST_WORDS = 200


class _WhenTold(urllib3.Retry):
    """Asks again only where the server says when: it has done nothing then, whatever was asked."""

    RETRY_AFTER_STATUS_CODES = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})

    def parse_retry_after(self, retry_after: str) -> float:
        """The seconds in the header; none in one that nobody understands."""
        try:
            return super().parse_retry_after(retry_after)
        except urllib3.exceptions.InvalidHeader:
            return 0.0


# A server that has just started or has too much to do is asked up to ten times more, as client-go does it
# (rest/with_retry.go). A connection that is refused or lost is the caller's matter: something may have been done.
AGAIN_WHEN_TOLD = _WhenTold(
    total=10, connect=False, read=False, redirect=False, other=0, allowed_methods=None, retry_after_max=2
)


class ApiError(MeshrollError):
    """The API server refused a request; `status` is the HTTP status, `reason` Kubernetes' own word for it."""

    def __init__(self, what: str, *, status: int, reason: str, where: str) -> None:
        super().__init__(what, where=where)
        self.status = status
        self.reason = reason


class Http:
    """The connection to one API server; `name` is the cluster's in errors. Safe to share between threads."""

    def __init__(self, api: ApiClient, name: str) -> None:
        self._api = api
        self.name = name

    @classmethod
    def open(cls, kubeconfig: Kubeconfig, context: str | None, name: str) -> Http:
        """Read a kubeconfig; nothing is sent yet. Raises BadInputError when the file or the context does not exist."""
        where = f"cluster {name or context or 'of the current context'}"
        configuration = Configuration()
        try:
            if isinstance(kubeconfig, Mapping):
                config.load_kube_config_from_dict(dict(kubeconfig), context=context, client_configuration=configuration)
            else:
                file = str(kubeconfig) if kubeconfig else None
                config.load_kube_config(config_file=file, context=context, client_configuration=configuration)
        except (ConfigException, OSError, yaml.YAMLError) as error:
            raise BadInputError(str(error), where=where, expected="a kubeconfig that holds the context") from error
        configuration.retries = False
        return cls(ApiClient(configuration), name or context or configuration.host)

    @property
    def server(self) -> str:
        """The URL of the API server."""
        return cast("str", self._api.configuration.host)

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Object | None = None,
        content_type: str = "application/json",
    ) -> Object:
        """One request and its answer. Raises ApiError when the server refuses, UnavailableError when it is away.

        Asked again when the server says so (Retry-After).
        """
        response = self._send(method, path, query or {}, body, content_type, READ_SECONDS)
        try:
            return cast("Object", json.loads(response.data))
        except ValueError as error:
            raise self._away("it does not answer in JSON: something else than an API server?") from error

    def lines(self, path: str, query: Mapping[str, str], seconds: float) -> Iterator[Object]:
        """The answers of a GET that goes on, each as it comes; silence of so many seconds ends it with an error."""
        response = self._send("GET", path, query, None, None, seconds, stream=True)
        try:
            for line in _lines(response):
                yield cast("Object", json.loads(line))
        except (urllib3.exceptions.HTTPError, ValueError) as error:
            raise self._away("the watch was cut") from error
        finally:
            response.close()

    def error(self, status: int, text: str, request: str) -> ApiError:
        """What the server said of a refused request, as a sentence."""
        try:
            answer = json.loads(text)
            message, reason = answer.get("message") or text, answer.get("reason") or ""
        except (json.JSONDecodeError, AttributeError):
            # Not an API server's words, but a proxy's page: its first line says enough.
            message, reason = (text.strip().splitlines() or [f"HTTP {status}"])[0][:LONGEST_WORDS], ""
        where = f"cluster {self.name}"
        return ApiError(message if reason else f"{message} ({request})", status=status, reason=reason, where=where)

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
                retries=AGAIN_WHEN_TOLD,
            )
            text = response.data.decode(errors="replace") if response.status >= HTTPStatus.BAD_REQUEST else ""
        except (urllib3.exceptions.HTTPError, ApiException, OSError) as error:
            raise self._away(f"{self.server} cannot be reached ({_cause(error)})") from error
        if response.status >= HTTPStatus.BAD_REQUEST:
            raise self.error(response.status, text, f"{method} {path}")
        return response

    def _away(self, what: str) -> UnavailableError:
        return UnavailableError(what, where=f"cluster {self.name}")


def _lines(response: Any) -> Iterator[bytes]:
    rest = b""
    for chunk in response.stream(65536, decode_content=False):
        *whole, rest = (rest + chunk).split(b"\n")
        yield from (line for line in whole if line)


def _cause(error: BaseException) -> str:
    text = str(error)
    return text.rsplit(": ", maxsplit=1)[-1].strip("()'\"") or type(error).__name__
