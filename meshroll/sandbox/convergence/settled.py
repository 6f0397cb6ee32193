"""Proof, without sleeping, that every client of istiod works with the newest routes and endpoints of a namespace.

istiod takes changes in, waits a moment for more (its debounce), and pushes; nothing it publishes says "this version of
that resource has reached everybody". So the proof has three steps, and starts again whenever one fails:

1. Each control-plane copy is the worker's resource as it is now.
2. istiod's dump of every connected client, computed from the state that client was last pushed, holds what the
   resources say: routes, header matches, weights, endpoints. From here on nothing older can be *generated* for it.
3. What was generated before may still be on its way. A push to all is forced, twice, and every client must acknowledge
   every kind of resource anew each time: the first answer may have been generated before step 2, the second cannot.
   (The gateway uses state-of-the-world xDS, as gRPC does, so a forced push is always sent.)

A client that refuses a configuration is an error at once, with its reason.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import urllib3

from meshroll.errors import BadInputError, TimedOutError, UnavailableError
from meshroll.kube import Kube
from meshroll.sandbox.convergence.expected import Expected, difference, expected, held

_KINDS = ("VirtualService", "DestinationRule", "Gateway")
_NETWORKING = "networking.istio.io/v1"
_POLL_SECONDS = 0.02
Nonces = dict[tuple[str, str, str], tuple[str, str]]


@dataclass(frozen=True)
class Settled:
    """Who was asked, and how long it took."""

    clients: tuple[str, ...]
    seconds: float


class _Not(Exception):  # noqa: N818 - no error: the state that is waited for is not there yet
    """Why it is not settled yet."""


def wait_settled(
    istiod: str, *, host: Kube, workers: Sequence[Kube], leader: Kube | None, namespace: str, timeout: float = 15.0
) -> Settled:
    """Return when every client works with the newest state of a namespace; `istiod` is its debug URL.

    `leader` is the worker whose resources are copied to the host (None: they are written there). Raises TimedOutError
    that names the client and what it lacks, BadInputError when a client refuses what it was sent, UnavailableError.
    """
    begin = time.monotonic()
    with urllib3.PoolManager(retries=False) as http:
        debug = _Debug(http, istiod.rstrip("/"))
        while True:
            try:
                wanted = _wanted(host, workers, leader, namespace)
                clients = _all_hold(debug, wanted, namespace)
                for _round in range(2):
                    _fence(debug, begin + timeout)
                if set(debug.clients()) != set(clients):
                    raise _Not("the set of clients changed")
                if _wanted(host, workers, leader, namespace) != wanted:
                    raise _Not("the resources changed again")
            except _Not as reason:
                if time.monotonic() - begin > timeout:
                    raise TimedOutError(f"the mesh has not settled: {reason}", where=f"namespace {namespace}") from None
                time.sleep(_POLL_SECONDS)
            else:
                return Settled(clients, time.monotonic() - begin)


def _wanted(host: Kube, workers: Sequence[Kube], leader: Kube | None, namespace: str) -> Expected:
    there = {kind: host.list(_NETWORKING, kind, namespace) for kind in _KINDS}
    if leader is not None:
        for kind in _KINDS:
            sources = {item["metadata"]["name"]: item["spec"] for item in leader.list(_NETWORKING, kind, namespace)}
            copies = {item["metadata"]["name"]: item["spec"] for item in there[kind]}
            for name, spec in sources.items():
                if copies.get(name) != spec:
                    raise _Not(f"{kind} {namespace}/{name} has not reached the control plane")
            extra = sorted(set(copies) - set(sources))
            if extra:
                raise _Not(f"{kind} {namespace}/{extra[0]} is still in the control plane")
    return expected(
        namespace,
        there["VirtualService"],
        there["DestinationRule"],
        [service for worker in workers for service in worker.list("v1", "Service", namespace)],
        [entry for worker in workers for entry in worker.list(_NETWORKING, "WorkloadEntry", namespace)],
    )


def _all_hold(debug: _Debug, wanted: Expected, namespace: str) -> tuple[str, ...]:
    clients = debug.clients()
    carried = set()
    for client in clients:
        has = held(debug.dump(client))
        lacks = difference(wanted, has, namespace)
        if lacks:
            raise _Not(f"{client} {lacks}")
        carried |= set(has.routes)
    nobody = sorted(set(wanted.routes) - carried)
    if nobody:
        raise _Not(f"no client has VirtualService {'/'.join(nobody[0])}")
    return clients


def _fence(debug: _Debug, deadline: float) -> None:
    """Force a push to all and wait until everything sent was acknowledged anew."""
    before = debug.nonces()
    debug.push()
    while True:
        late = unacknowledged(before, debug.nonces())
        if not late:
            return
        if time.monotonic() > deadline:
            raise _Not(f"{late[0]} of {late[1]} has not acknowledged the newest {late[2]}")
        time.sleep(_POLL_SECONDS / 4)


def unacknowledged(before: Nonces, now: Nonces) -> tuple[str, str, str] | None:
    """A client, its cluster and a kind whose newest nonce is the one of before or is not acknowledged.

    Clients that left do not count; a kind that was never sent counts as soon as it is.
    """
    for key, (sent, acknowledged) in sorted(now.items()):
        if key in before and sent and (sent != acknowledged or sent == before[key][0]):
            return key
    return None


def refusal(status: Sequence[Mapping[str, Any]]) -> str:
    """The first refused configuration in a `/debug/syncz` answer, as a sentence; empty when there is none."""
    for client in status:
        for kind, state in (client.get("resources") or {}).items():
            if state.get("lastError"):
                return f"{client['proxy']} refuses the {kind.rpartition('.')[2]} it was sent: {state['lastError']}"
    return ""


def nonces(status: Sequence[Mapping[str, Any]]) -> Nonces:
    """What was sent and acknowledged, by client, cluster and kind, in a `/debug/syncz` answer."""
    return {
        (client["proxy"], client.get("cluster_id", ""), kind.rpartition(".")[2]): (
            state.get("sent", ""),
            state.get("acked", ""),
        )
        for client in status
        for kind, state in (client.get("resources") or {}).items()
    }


class _Debug:
    """istiod's debug interface."""

    def __init__(self, http: urllib3.PoolManager, url: str) -> None:
        self._http, self._url = http, url

    def clients(self) -> tuple[str, ...]:
        """The connection of every client."""
        answer = self._get("/debug/connections")
        return tuple(sorted(client["connectionId"] for client in answer.get("clients") or []))

    def dump(self, client: str) -> dict[str, Any]:
        """What a client should have, computed from the state it was last pushed."""
        return dict(self._get("/debug/config_dump", proxyID=client, include_eds="true"))

    def nonces(self) -> Nonces:
        """What was sent and acknowledged. Raises BadInputError when a client refused."""
        status = self._get("/debug/syncz")
        refused = refusal(status)
        if refused:
            raise BadInputError(refused, where="istiod")
        return nonces(status)

    def push(self) -> None:
        """Send everything to every client."""
        self._request("/debug/adsz", {"push": "true"})

    def _get(self, path: str, **query: str) -> Any:
        return json.loads(self._request(path, query))

    def _request(self, path: str, query: Mapping[str, str]) -> bytes:
        send: Callable[..., urllib3.BaseHTTPResponse] = self._http.request
        try:
            answer = send("GET", self._url + path, fields=dict(query), timeout=5.0)
        except urllib3.exceptions.HTTPError as error:
            raise UnavailableError(f"{self._url} does not answer", where="istiod") from error
        if answer.status == HTTPStatus.NOT_FOUND:
            raise _Not("a client went away")
        if answer.status >= HTTPStatus.BAD_REQUEST:
            raise UnavailableError(f"{path} answers {answer.status}", where="istiod")
        return bytes(answer.data)
