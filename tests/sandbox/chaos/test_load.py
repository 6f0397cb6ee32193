"""The load sends every request once, and tells what became of it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.sandbox.chaos.load import Away, Load, Outcome, Traffic, traffic

ANSWER = b'{"provider": {"version": "v7"}}'


@contextmanager
def server(handle: Callable[[socket.socket, int], None]) -> Iterator[tuple[str, list[int]]]:
    """A server that counts its connections and hands each to `handle` with its number; its URL and the counter."""
    connections: list[int] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                connections.append(1)
                threading.Thread(target=handle, args=(connection, len(connections)), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/", connections
        listener.shutdown(socket.SHUT_RDWR)


def reply(status: str, body: bytes) -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def outcomes_of(url: str, count: int, rate: float = 200.0) -> tuple[Outcome, ...]:
    with Load(url, rate) as load:
        load.wait_for_requests(count)
    return load.outcomes


def test_answers_are_counted_by_version_on_kept_and_on_fresh_connections() -> None:
    requests: list[bytes] = []

    def handle(connection: socket.socket, _number: int) -> None:
        while data := connection.recv(65536):
            requests.append(data)
            connection.sendall(reply("200 OK", ANSWER))

    with server(handle) as (url, connections):
        outcomes = outcomes_of(url, 20, rate=50.0)
    assert traffic(outcomes, ()) == Traffic(len(outcomes), {"v7": len(outcomes)}, {}, {})
    assert len(requests) == len(outcomes)
    # Every other request has a connection of its own; the rest share few.
    assert len(outcomes) // 2 < len(connections) < len(outcomes)


def test_a_request_on_a_kept_connection_that_is_closed_is_lost_and_not_sent_again() -> None:
    requests: list[bytes] = []

    def handle(connection: socket.socket, _number: int) -> None:
        with connection:
            for answered in range(2):
                data = connection.recv(65536)
                if not data:
                    return
                requests.append(data)
                if answered == 0:
                    connection.sendall(reply("200 OK", ANSWER))

    with server(handle) as (url, _):
        outcomes = outcomes_of(url, 40)
    counted = traffic(outcomes, ())
    assert counted.lost.keys() == {"closed without an answer"}
    assert len(requests) == len(outcomes)


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (reply("503 Service Unavailable", b"no healthy upstream"), "HTTP 503 no healthy upstream"),
        (
            reply("503 Service Unavailable", b'{"error": "provider: dial 127.9.0.3:20880 refused"}'),
            "HTTP 503 provider: dial ADDRESS refused",
        ),
        (reply("404 Not Found", b""), "HTTP 404"),
        (reply("200 OK", b"no json"), "JSONDecodeError"),
        (reply("200 OK", b"{}"), "KeyError"),
        (b"", "closed without an answer"),
    ],
)
def test_a_failure_has_a_cause(answer: bytes, cause: str) -> None:
    def handle(connection: socket.socket, _number: int) -> None:
        with connection:
            connection.recv(65536)
            connection.sendall(answer)

    with server(handle) as (url, _):
        outcomes = outcomes_of(url, 4)
    assert {outcome.failure for outcome in outcomes} == {cause}


def test_a_refused_connection_has_a_cause() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert {outcome.failure for outcome in outcomes_of(f"http://127.0.0.1:{port}/", 4)} == {"refused"}


def test_only_requests_under_way_while_something_was_away_are_excused() -> None:
    failed = [Outcome(sent, sent + 1.0, failure="refused") for sent in (0.0, 3.0, 5.0, 8.0)]
    counted = traffic([*failed, Outcome(4.0, 4.1, version="v1")], [Away("the gateway", 2.0, 6.0)])
    assert counted == Traffic(5, {"v1": 1}, {"refused": 2}, {"refused": 2})


def test_what_never_comes_back_excuses_everything_after() -> None:
    failed = [Outcome(sent, sent + 1.0, failure="reset") for sent in (0.0, 3.0, 50.0)]
    assert traffic(failed, [Away("the pods", 2.0)]) == Traffic(3, {}, {"reset": 2}, {"reset": 1})
