"""Why a server gave no answer, as text. urllib3, TLS and the system wrap each other's errors; one of them has it."""

from __future__ import annotations

import http.client
import re
import socket
import ssl
from collections.abc import Iterator, Sequence
from typing import TypeVar

from urllib3 import exceptions

ErrorType = TypeVar("ErrorType", bound=BaseException)

# An alert of TLS, as OpenSSL names it: SSLV3_ALERT_BAD_CERTIFICATE, TLSV1_ALERT_UNKNOWN_CA.
ALERT = re.compile(r"(?:SSL|TLS)V\d+_ALERT_(?P<alert>\w+)")
# What servers answer a client certificate that is missing or not to their liking.
ABOUT_CERTIFICATES = re.compile(r"CERTIFICATE|UNKNOWN_CA")
# The other side does not begin a handshake: OpenSSL takes its answer for a record.
NOT_TLS = frozenset({"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE"})
TUNNEL = re.compile(r"Tunnel connection failed: (?P<answer>.+)")
TIMEOUT = re.compile(r"timeout=(?P<seconds>[\d.]+)")


def no_answer(server: str, error: BaseException, seconds: float) -> str:
    """What went wrong with a request, as a sentence that names the server; `seconds` was its longest silence."""
    errors = list(_within(error))
    if tunnel := next(filter(None, (TUNNEL.fullmatch(str(one)) for one in errors)), None):
        return f"{server} cannot be reached (its proxy answers {tunnel['answer']})"
    if _first(errors, exceptions.ProxyError):
        server = f"the proxy of {server}"
    if refused := _first(errors, ssl.SSLCertVerificationError):
        return f"the certificate of {server} is not accepted ({refused.verify_message.rstrip('.')})"
    if tls := _first(errors, ssl.SSLError):
        return _tls(server, tls)
    if silent := _first(errors, exceptions.ReadTimeoutError):
        return f"{server} did not answer within {_seconds(silent, seconds):g} s"
    return f"{server} cannot be reached ({_cause(errors)})"


def _tls(server: str, error: ssl.SSLError) -> str:
    reason = error.reason or ""
    alert = ALERT.fullmatch(reason)
    if reason == "TLSV13_ALERT_CERTIFICATE_REQUIRED":
        return f"{server} asks for a client certificate and the kubeconfig has none"
    if alert and ABOUT_CERTIFICATES.search(alert["alert"]):
        return f"the client certificate is not accepted by {server} ({_plain(alert['alert'])})"
    if reason in NOT_TLS:
        return f"{server} cannot be reached (it does not speak TLS)"
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return f"{server} cannot be reached (it closed the connection during TLS)"
    cause = _plain(alert["alert"] if alert else reason) or str(error)
    return f"{server} cannot be reached (TLS: {cause})"


def _cause(errors: Sequence[BaseException]) -> str:
    if _first(errors, socket.gaierror):
        return "its name cannot be resolved"
    if _first(errors, http.client.RemoteDisconnected):
        return "it closed the connection without an answer"
    if _first(errors, http.client.IncompleteRead):
        return "its answer broke off"
    if _first(errors, http.client.HTTPException):
        return "it does not answer in HTTP"
    if numbered := [error for error in errors if isinstance(error, OSError) and error.strerror]:
        return f"[Errno {numbered[-1].errno}] {numbered[-1].strerror}"
    if late := _first(errors, exceptions.ConnectTimeoutError):
        return f"no connection within {_seconds(late, 0):g} s"
    return str(errors[-1]) or type(errors[-1]).__name__


def _within(error: BaseException) -> Iterator[BaseException]:
    """An error and those that it was made of, the outermost first."""
    waiting, seen = [error], set()
    while waiting:
        one = waiting.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        parts = (getattr(one, "reason", None), *one.args, one.__cause__, one.__context__)
        waiting += [part for part in parts if isinstance(part, BaseException)]


def _first(errors: Sequence[BaseException], kind: type[ErrorType]) -> ErrorType | None:
    return next((error for error in errors if isinstance(error, kind)), None)


def _seconds(error: BaseException, otherwise: float) -> float:
    found = TIMEOUT.search(str(error))
    return float(found["seconds"]) if found else otherwise


def _plain(reason: str) -> str:
    return reason.lower().replace("_", " ")
