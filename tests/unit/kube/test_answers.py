"""What a hostile API server answers is refused in one sentence, before it costs memory or time."""

from __future__ import annotations

import base64
import gzip
import json
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote

import pytest

from meshroll.errors import MeshrollError, UnavailableError
from meshroll.kube import ApiError, Kube
from meshroll.kube import answers as module

TOKEN = "t0ken-that/must+not.be-shown"
NOT_JSON = "cluster east: it does not answer in JSON: something else than an API server?"
SHAPE = "cluster east: its answer is not of the shape that an API server gives it"
PODS = json.dumps({"resources": [{"name": "pods", "kind": "Pod", "namespaced": True}]}).encode()


@contextmanager
def cluster(answer: bytes, *, status: int = 200, packed: bool = False, kinds: bytes = PODS) -> Iterator[Kube]:
    """A cluster that knows Pods, and answers this to every question about them."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked_for_kinds = self.path == "/api/v1"
            body = kinds if asked_for_kinds else answer
            self.send_response(200 if asked_for_kinds else status)
            if packed and not asked_for_kinds:
                self.send_header("Content-Encoding", "gzip")
            self.send_header("Retry-After", "0")  # is asked for where the status is 429 or 503
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            try:
                self.wfile.write(body)
            except OSError:  # it has read enough
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    document = {
        "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{server.server_port}"}}],
        "contexts": [{"name": "east", "context": {"cluster": "c", "user": "u"}}],
        "users": [{"name": "u", "user": {"token": TOKEN}}],
    }
    try:
        yield Kube.connect(document, "east", "east")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def a_pod(kube: Kube) -> object:
    return kube.get("v1", "Pod", "x", "a")


def all_pods(kube: Kube) -> object:
    return kube.list("v1", "Pod", "a")


def pods_and_version(kube: Kube) -> object:
    return kube.list_version("v1", "Pod", "a")


def a_change(kube: Kube) -> object:
    return next(kube.watch("v1", "Pod", "a", resource_version="1"))


def refusal(ask: Callable[[Kube], object], answer: bytes, **options) -> str:
    with cluster(answer, **options) as kube, pytest.raises(UnavailableError) as caught:
        ask(kube)
    return str(caught.value)


@pytest.mark.parametrize("status", [200, 500])
def test_an_answer_that_unpacks_to_gigabytes_is_not_unpacked(monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    monkeypatch.setattr(module, "MAX_BYTES", 4 << 20)
    bomb = gzip.compress(b'{"a": "' + bytes(100 << 20))
    tracemalloc.start()
    try:
        said = refusal(a_pod, bomb, status=status, packed=True)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert said == "cluster east: its answer has more than 4 MiB"
    assert peak < 40 << 20


def test_a_long_answer_that_asks_to_come_back_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_BYTES", 1 << 20)
    long = bytes(60 << 20)
    tracemalloc.start()
    try:
        said = refusal(a_pod, long, status=429)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert said == "cluster east: its answer has more than 1 MiB"
    assert peak < 20 << 20


def test_a_line_of_a_watch_that_does_not_end_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_BYTES", 1 << 20)
    assert refusal(a_change, bytes(3 << 20)) == "cluster east: a line of its answer has more than 1 MiB"


@pytest.mark.parametrize("ask", [a_pod, all_pods, pods_and_version, a_change])
@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"[" * 200_000, NOT_JSON),
        (b'{"a":' * 200_000, NOT_JSON),
        (b'{"a":' + b"[" * 100 + b"]" * 100 + b"}", "cluster east: its answer is nested deeper than 100 levels"),
        (b"[]", NOT_JSON),
        (b"null", NOT_JSON),
        (b'{"metadata": []}', SHAPE),
    ],
)
def test_what_is_not_an_object_of_the_api_is_a_sentence(
    ask: Callable[[Kube], object], answer: bytes, said: str
) -> None:
    assert refusal(ask, answer + b"\n") == said


@pytest.mark.parametrize(
    ("ask", "answer"),
    [
        (all_pods, {"items": {"a": 1}}),
        (all_pods, {"items": ["a"]}),
        (pods_and_version, {"items": []}),
        (pods_and_version, {"metadata": {"resourceVersion": 5}}),
        (a_change, {"type": "ADDED"}),
        (a_change, {"object": {}}),
        (a_change, {"type": "ADDED", "object": []}),
    ],
)
def test_an_answer_of_another_shape_is_a_sentence(ask: Callable[[Kube], object], answer: object) -> None:
    assert refusal(ask, json.dumps(answer).encode() + b"\n") == SHAPE


@pytest.mark.parametrize(
    "kinds", [{"resources": {}, "a": []}, {"resources": [{"name": "pods"}]}, {"resources": "pods"}]
)
def test_kinds_of_another_shape_are_a_sentence(kinds: object) -> None:
    with cluster(b"{}", kinds=json.dumps(kinds).encode()) as kube, pytest.raises(MeshrollError) as caught:
        a_pod(kube)
    assert str(caught.value) in (SHAPE, "cluster east: the cluster does not know Pod of v1")


@pytest.mark.parametrize(
    "form",
    [
        TOKEN,
        quote(TOKEN, safe=""),
        base64.b64encode(TOKEN.encode()).decode().rstrip("="),
        TOKEN.encode().hex(),
        "\n".join(TOKEN),
    ],
)
@pytest.mark.parametrize("reason", ["Forbidden", ""])
def test_a_token_that_the_server_repeats_is_masked_in_any_form(form: str, reason: str) -> None:
    refused = json.dumps({"message": f"you sent <{form}>", "reason": reason}).encode()
    with cluster(refused, status=403) as kube, pytest.raises(ApiError) as caught:
        a_pod(kube)
    assert str(caught.value).startswith("cluster east: you sent <***")
    assert TOKEN[4:12] not in str(caught.value)


@pytest.mark.parametrize("message", [5, ["a"], {"a": "b"}])
def test_a_message_that_is_not_text_is_shown_as_such(message: object) -> None:
    refused = json.dumps({"message": message, "reason": "Forbidden"}).encode()
    with cluster(refused, status=403) as kube, pytest.raises(ApiError) as caught:
        a_pod(kube)
    assert str(caught.value) == f"cluster east: {message}"
