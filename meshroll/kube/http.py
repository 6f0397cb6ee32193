"""Requests to one API server: JSON in and out, errors as sentences."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

import urllib3

from meshroll.errors import UnavailableError
from meshroll.kube import answers
from meshroll.kube import kubeconfig as kubeconfigs
from meshroll.kube.access import Access, CredentialError
from meshroll.kube.api import ApiError, Object
from meshroll.kube.causes import no_answer
from meshroll.kube.kubeconfig import Kubeconfig
from meshroll.text.masking import masked

CONNECT_SECONDS = 5.0
READ_SECONDS = 60.0
LONGEST_MESSAGE = 200
LEAST_SECRET = 6  # characters; a shorter one is found in words


class _RetryAfter(urllib3.Retry):
    """Asks again only where the server says when: it has done nothing then, whatever was asked."""

    RETRY_AFTER_STATUS_CODES = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})

    def parse_retry_after(self, retry_after: str) -> float:
        """The seconds in the header; none in one that nobody understands."""
        try:
            return super().parse_retry_after(retry_after)
        except (urllib3.exceptions.InvalidHeader, ValueError, OverflowError):  # a date or number beyond all bounds, too
            return 0.0


# A server that has just started or has too much to do is asked up to ten times more, as client-go does it
# (rest/with_retry.go). A connection that is refused or lost is the caller's matter: something may have been done.
RETRY_AFTER = _RetryAfter(
    total=10, connect=False, read=False, redirect=False, other=0, allowed_methods=None, retry_after_max=2
)


class Http:
    """The connection to one API server; `name` is the cluster's in errors. Safe to share between threads.

    A server that sends nothing for `read_seconds` counts as away.
    """

    def __init__(self, access: Access, name: str, read_seconds: float = READ_SECONDS) -> None:
        self._access = access
        self.name = name
        self._read_seconds = read_seconds
        self._shown = ""  # a credential, without the name of its kind

    @classmethod
    def open(
        cls, kubeconfig: Kubeconfig, context: str | None, name: str, *, read_seconds: float = READ_SECONDS
    ) -> Http:
        """Read a kubeconfig; nothing is sent yet. Raises BadInputError when it cannot be used.

        UnavailableError comes from a credential plug-in that fails.
        """
        access = kubeconfigs.read(kubeconfig, context, f"cluster {name or context or 'of the current context'}")
        return cls(access, name or context or access.server, read_seconds)

    @property
    def server(self) -> str:
        """The URL of the API server."""
        return self._access.server

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
        response = self._send(method, path, query or {}, body, content_type, self._read_seconds)
        with self.within_shape():
            return answers.parsed(self._read(response, self._read_seconds))

    def lines(self, path: str, query: Mapping[str, str], seconds: float) -> Iterator[Object]:
        """The answers of a GET that goes on, each as it comes; silence of so many seconds ends it with an error."""
        response = self._send("GET", path, query, None, None, seconds)
        try:
            with self.within_shape():
                for line in answers.lines(response):
                    yield answers.parsed(line)
        except urllib3.exceptions.HTTPError as error:
            raise self._away("the watch was cut") from error
        finally:
            response.close()

    @contextmanager
    def within_shape(self) -> Iterator[None]:
        """Raise UnavailableError for what the block finds odd in an answer."""
        try:
            yield
        except answers.StrangeAnswerError as error:
            raise self._away(str(error)) from None

    def error(self, status: int, text: str, request: str) -> ApiError:
        """What the server said of a refused request, as a sentence."""
        try:
            answer = answers.parsed(text.encode())
            message, reason = str(answer.get("message") or text), str(answer.get("reason") or "")
        except answers.StrangeAnswerError:
            # Not an API server's answer, but a proxy's page: its first line says enough.
            message, reason = (text.strip().splitlines() or [f"HTTP {status}"])[0][:LONGEST_MESSAGE], ""
        where = f"cluster {self.name}"
        message = self._masked(message)
        return ApiError(message if reason else f"{message} ({request})", status=status, reason=reason, where=where)

    def _send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        body: Object | None,
        content_type: str | None,
        seconds: float,
    ) -> Any:
        """An answer of which the head was read, and that is not a refusal."""
        headers: dict[str, str] = {"Accept": "application/json"}
        if authorization := self._authorization():
            headers["authorization"] = authorization
            self._shown = authorization.rpartition(" ")[2]
        if content_type and body is not None:
            headers["Content-Type"] = content_type
        url = self.server + path + ("?" + urlencode(query) if query else "")
        try:
            response = self._access.manager.request(
                method,
                url,
                body=None if body is None else json.dumps(body).encode(),
                headers=headers,
                preload_content=False,
                timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=seconds),
                retries=RETRY_AFTER,
                redirect=False,  # not even the address is read
            )
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise self._away(no_answer(self.server, error, seconds)) from error
        if response.status >= HTTPStatus.BAD_REQUEST:
            with self.within_shape():
                text = self._read(response, seconds).decode(errors="replace")
            raise self.error(response.status, text, f"{method} {path}")
        return response

    def _read(self, response: Any, seconds: float) -> bytes:
        try:
            return answers.whole(response)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise self._away(no_answer(self.server, error, seconds)) from error

    def _authorization(self) -> str | None:
        try:
            return self._access.authorization()
        except CredentialError as error:
            raise self._away(f"its credential cannot be renewed ({error})") from error

    def _away(self, what: str) -> UnavailableError:
        return UnavailableError(self._masked(what), where=f"cluster {self.name}")

    def _masked(self, said: str) -> str:
        """What the server said, without the credential that it was shown last."""
        return masked(said, self._shown) if len(self._shown) >= LEAST_SECRET else said
