"""What a cluster's answers become, against a small HTTP server on loopback."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from meshroll.errors import BadInputError, UnavailableError
from meshroll.kube import ApiError, Kube, WatchEvent

ANSWERS: dict[str, tuple[int, str]] = {
    "/api/v1": (200, json.dumps({"resources": [{"name": "pods", "kind": "Pod", "namespaced": True}]})),
    "/api/v1/namespaces/a/pods/there": (200, json.dumps({"metadata": {"name": "there"}})),
    "/api/v1/namespaces/a/pods/gone": (404, json.dumps({"message": "pods gone not found", "reason": "NotFound"})),
    "/api/v1/namespaces/a/pods/secret": (403, json.dumps({"message": "not yours", "reason": "Forbidden"})),
    "/api/v1/namespaces/a/pods/page": (200, "<html>a proxy's login page</html>"),
    "/api/v1/namespaces/a/pods/bad": (502, "bad gateway"),
    "/api/v1/namespaces/a/pods/moved": (302, "elsewhere"),
    "/api/v1/namespaces/a/pods/nowhere": (302, "elsewhere"),
}
CHANGES = [{"type": "ADDED", "object": {"metadata": {"name": "x"}}}, {"type": "ERROR", "object": {"code": 410}}]


BUSY = json.dumps({"message": "storage is (re)initializing", "reason": "TooManyRequests"})
# How often 429 is answered before anything else, and the header that says when to come back.
BUSY_AT_FIRST: dict[str, tuple[int, dict[str, str]]] = {
    "/api/v1/namespaces/a/pods/late": (2, {"Retry-After": "0"}),
    "/api/v1/namespaces/a/pods/busy": (1000, {"Retry-After": "0"}),
    "/api/v1/namespaces/a/pods/full": (1000, {}),
    "/api/v1/namespaces/a/pods/vague": (2, {"Retry-After": "soon"}),
    "/api/v1/namespaces/a/pods/never": (2, {"Retry-After": "Wed, 25 Nov 99999 00:00:00 GMT"}),
    "/api/v1/namespaces/a/pods/long": (2, {"Retry-After": "9" * 5000}),
}
THERE = "/api/v1/namespaces/a/pods/there"
ANSWERS |= dict.fromkeys(BUSY_AT_FIRST, ANSWERS[THERE])


class Server(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[tuple[str, str]] = []


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        assert isinstance(self.server, Server)
        busy, headers = BUSY_AT_FIRST.get(path, (0, {}))
        asked = (self.command, path.rpartition("/")[2])
        self.server.asked.append(asked)
        if asked[1] == "cut":
            self.close_connection = True
            return
        if asked[1] == "moved":
            headers = {"Location": THERE}
        if asked[1] == "nowhere":
            headers = {"Location": "http://[::1"}
        if self.server.asked.count(asked) <= busy:
            status, text = 429, BUSY
        elif "watch=true" in query:
            status, text = 200, "".join(json.dumps(change) + "\n" for change in CHANGES)
        else:
            status, text = ANSWERS.get(path, (404, "404 page not found"))
        self.send_response(status)
        for name, value in ({**headers, "Content-Length": str(len(text))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text.encode())

    def do_PATCH(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def kube(server: Server) -> Kube:
    return connect(server.server_port)


def connect(port: int) -> Kube:
    cluster = {"name": "c", "cluster": {"server": f"http://127.0.0.1:{port}"}}
    context = {"name": "east", "context": {"cluster": "c", "user": "u"}}
    document = {"clusters": [cluster], "contexts": [context], "users": [{"name": "u", "user": {"token": "t"}}]}
    return Kube.connect(document, "east", "east")


def pod(kube: Kube, name: str) -> object:
    return kube.get("v1", "Pod", name, "a")


def test_an_object_is_its_dictionary_and_a_missing_one_is_none(kube: Kube) -> None:
    assert pod(kube, "there") == {"metadata": {"name": "there"}}
    assert pod(kube, "gone") is None
    assert kube.get("v1", "Unheard", "x") is None
    assert kube.get("none.example/v1", "Unheard", "x") is None


def test_a_refusal_is_the_servers_sentence_with_the_clusters_name(kube: Kube) -> None:
    with pytest.raises(ApiError) as caught:
        pod(kube, "secret")
    assert (str(caught.value), caught.value.status, caught.value.reason) == (
        "cluster east: not yours",
        403,
        "Forbidden",
    )
    with pytest.raises(ApiError) as caught:
        pod(kube, "bad")
    assert str(caught.value) == "cluster east: bad gateway (GET /api/v1/namespaces/a/pods/bad)"


@pytest.mark.parametrize("name", ["late", "vague", "never", "long"])
def test_a_server_that_says_when_to_come_back_is_asked_again(kube: Kube, server: Server, name: str) -> None:
    assert pod(kube, name) == {"metadata": {"name": "there"}}
    assert server.asked.count(("GET", name)) == 3


def test_what_changes_something_is_asked_again_too(kube: Kube, server: Server) -> None:
    patched = kube.patch("v1", "Pod", "late", "a", {"spec": {}}, field_manager="tests")
    assert patched == {"metadata": {"name": "there"}}
    assert server.asked.count(("PATCH", "late")) == 3


@pytest.mark.parametrize(("name", "times"), [("busy", 11), ("full", 1)])
def test_a_server_that_stays_busy_or_does_not_say_for_how_long_refuses(
    kube: Kube, server: Server, name: str, times: int
) -> None:
    with pytest.raises(ApiError) as caught:
        pod(kube, name)
    assert (str(caught.value), caught.value.status) == ("cluster east: storage is (re)initializing", 429)
    assert server.asked.count(("GET", name)) == times


def test_what_may_have_been_done_is_not_asked_again(kube: Kube, server: Server) -> None:
    with pytest.raises(UnavailableError, match=r"^cluster east: http://127.0.0.1:\d+ cannot be reached \("):
        kube.patch("v1", "Pod", "cut", "a", {"spec": {}}, field_manager="tests")
    assert server.asked.count(("PATCH", "cut")) == 1


def test_a_redirect_is_not_followed(kube: Kube, server: Server) -> None:
    with pytest.raises(UnavailableError, match="it does not answer in JSON"):
        pod(kube, "moved")
    assert ("GET", "there") not in server.asked


def test_a_redirect_to_what_is_not_an_address_is_a_sentence(kube: Kube) -> None:
    with pytest.raises(UnavailableError, match="it does not answer in JSON"):
        pod(kube, "nowhere")


def test_what_is_not_json_comes_from_no_api_server(kube: Kube) -> None:
    with pytest.raises(UnavailableError) as caught:
        pod(kube, "page")
    assert str(caught.value) == "cluster east: it does not answer in JSON: something else than an API server?"


def test_a_watch_tells_changes_until_its_version_is_too_old(kube: Kube) -> None:
    events = kube.watch("v1", "Pod", "a", resource_version="1")
    assert next(events) == WatchEvent("ADDED", {"metadata": {"name": "x"}})
    with pytest.raises(ApiError) as caught:
        next(events)
    assert caught.value.status == 410


def test_an_unreachable_server_and_an_unknown_context_are_sentences() -> None:
    with pytest.raises(UnavailableError) as away:
        pod(connect(9), "there")
    assert str(away.value).startswith("cluster east: http://127.0.0.1:9 cannot be reached (")
    with pytest.raises(BadInputError) as unknown:
        Kube.connect({"clusters": [], "contexts": [], "users": []}, "west", "west")
    assert str(unknown.value).endswith("expected a kubeconfig that holds the context")
