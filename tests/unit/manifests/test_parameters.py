"""Wrong parameters, each with the one sentence a person reads."""

import pytest

from meshroll.errors import BadInputError
from meshroll.manifests.templates import check_parameters, parameter_problems

WHERE = "/services/a/parameters"
RISING = "weights that rise from step to step"
TEXT = "text (quote numbers and booleans) or {secretKeyRef: {name: SECRET, key: KEY}}"
PERCENT = "a whole number between 1 and 100"
TIME = "a time such as 30s, 10m or 1h30m, or a number of seconds"
LOWER = "lower-case letters, digits and '-', at most 63 characters"
VARIABLE = (
    "a variable name of letters, digits and '_' other than POD_NAME, POD_NAMESPACE and POD_IP, which the template sets"
)
HEADER_NAME = (
    "a lower-case header name, not grpc-…, …-bin, uri, scheme, method or authority, which a mesh does not match"
)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"steps": [{"setWeight": 101}]}, f"/steps/0/setWeight: 101 is above 100; expected {PERCENT}"),
        ({"steps": [{"setWeight": 0}]}, f"/steps/0/setWeight: 0 is below 1; expected {PERCENT}"),
        ({"steps": [{"setWeight": "5"}]}, f'/steps/0/setWeight: "5" is not a whole number; expected {PERCENT}'),
        ({"steps": [{"setWeight": True}]}, f"/steps/0/setWeight: true is not a whole number; expected {PERCENT}"),
        (
            {"steps": [{"setWeight": 50}, {"pause": {}}, {"setWeight": 5}]},
            f"/steps/2/setWeight: 5 does not rise above the 50 of step 1; expected {RISING}",
        ),
        (
            {"steps": [{"setWeight": 5}, {"setWeight": 5}]},
            f"/steps/1/setWeight: 5 does not rise above the 5 of step 1; expected {RISING}",
        ),
        (
            {"steps": [{"setWeight": 5, "pause": {}}]},
            "/steps/0: `setWeight` and `pause` are given at once; expected either setWeight or pause",
        ),
        ({"steps": [{}]}, "/steps/0: nothing is given; expected either setWeight or pause"),
        ({"steps": [{"wait": {}}]}, "/steps/0/wait: unknown key `wait`; expected one of setWeight, pause"),
        ({"steps": []}, "/steps: nothing is given; expected a list of steps"),
        ({"steps": [{"pause": {"duration": "10x"}}]}, f'/steps/0/pause/duration: "10x" does not fit; expected {TIME}'),
        ({"steps": [{"pause": {"duration": "0s"}}]}, f'/steps/0/pause/duration: "0s" does not fit; expected {TIME}'),
        ({"steps": [{"pause": {"duration": 0}}]}, f"/steps/0/pause/duration: 0 is below 1; expected {TIME}"),
        ({"setps": []}, "/setps: unknown parameter `setps`; expected `steps`"),
        ({"image": 5}, "/image: 5 is not a string; expected an image reference without blanks"),
        ({"image": "a\n"}, '/image: "a\\n" does not fit; expected an image reference without blanks'),
        ({"replicas": 1.5}, "/replicas: 1.5 is not a whole number; expected a whole number between 1 and 1000"),
        ({"port": 70000}, "/port: 70000 is above 65535; expected a port number between 1 and 65535"),
        (
            {"portName": "tcp-1"},
            "/portName: \"tcp-1\" does not fit; expected http, http2 or grpc, alone or followed by '-' and a name",
        ),
        (
            {"env": {"A": 1234567}},
            f"/env/A: the value is not a string or a mapping; expected {TEXT}",
        ),
        ({"env": {"A": {}}}, "/env/A: `secretKeyRef` is missing; expected " + TEXT),
        ({"env": {"A": {"secretKeyRef": {"name": "shop"}}}}, "/env/A/secretKeyRef: `key` is missing"),
        (
            {"env": {"A": {"secretKeyRef": {"name": "Shop", "key": "token"}}}},
            '/env/A/secretKeyRef/name: "Shop" does not fit; expected the name of a Secret',
        ),
        (
            {"env": {"a-b": "x"}},
            f'/env: the name "a-b" does not fit; expected {VARIABLE}',
        ),
        (
            {"env": {"POD_IP": "x"}},
            f'/env: the name "POD_IP" does not fit; expected {VARIABLE}',
        ),
        ({"gateway": {}}, "/gateway: `port` is missing"),
        ({"gateway": {"port": 1, "bind": "host"}}, '/gateway/bind: "host" does not fit; expected an IP address'),
        (
            {"gateway": {"port": 1, "selector": {"a/b/c": "x"}}},
            '/gateway/selector: the name "a/b/c" does not fit; expected a label name',
        ),
        ({"virtualService": "A"}, f'/virtualService: "A" does not fit; expected {LOWER}'),
        (
            {"virtualService": "a" * 64},
            f'/virtualService: "{"a" * 58}… is longer than 63 characters; expected {LOWER}',
        ),
        ({"readinessProbe": {}}, "/readinessProbe: exactly one of `httpGet` and `tcpSocket` and `grpc` is needed"),
        ({"timeout": "5"}, '/timeout: "5" does not fit; expected a duration such as 5s'),
    ],
)
def test_the_weight_template_refuses(change, message, weight, parameters):
    with pytest.raises(BadInputError) as caught:
        check_parameters(weight, parameters("weight") | change, WHERE)
    assert str(caught.value) == f"{WHERE}{message}"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"header": {"value": "x"}}, "/header: `name` is missing; expected name and value"),
        ({"header": {"name": "lane"}}, "/header: `value` is missing; expected name and value"),
        ({"header": {"name": "", "value": "x"}}, f'/header/name: "" does not fit; expected {HEADER_NAME}'),
        ({"header": {"name": "Lane", "value": "x"}}, f'/header/name: "Lane" does not fit; expected {HEADER_NAME}'),
        ({"header": {"name": "uri", "value": "x"}}, f'/header/name: "uri" does not fit; expected {HEADER_NAME}'),
        ({"header": {"name": "a-bin", "value": "x"}}, f'/header/name: "a-bin" does not fit; expected {HEADER_NAME}'),
        (
            {"header": {"name": "lane", "value": " x"}},
            '/header/value: " x" does not fit; expected printable text without blanks at its ends',
        ),
        ({"route": "test-v1"}, '/route: `route` and `stableRoute` are both "test-v1"; expected two names'),
        ({"stableRoute": "test-v2"}, '/stableRoute: `route` and `stableRoute` are both "test-v2"; expected two names'),
        ({"destinationRule": "a"}, "/destinationRule: unknown parameter `destinationRule`; expected one of image, "),
    ],
)
def test_the_header_template_refuses(change, message, header, parameters):
    with pytest.raises(BadInputError) as caught:
        check_parameters(header, parameters("header") | change, WHERE)
    assert str(caught.value).startswith(f"{WHERE}{message}")


def test_the_header_itself_must_be_given(header):
    with pytest.raises(BadInputError) as caught:
        check_parameters(header, {"image": "x", "port": 1}, WHERE)
    assert str(caught.value) == f"{WHERE}: `header` is missing"


def test_parameters_must_be_a_mapping(weight):
    with pytest.raises(BadInputError) as caught:
        check_parameters(weight, [1], WHERE)
    assert str(caught.value) == f"{WHERE}: [1] is not a mapping; expected a mapping"


@pytest.mark.parametrize("duration", ["10m", "1h30m", "90s", "1h", 30, 30.0])
def test_durations_of_argo_rollouts_are_accepted(duration, weight, parameters):
    steps = [{"setWeight": 5}, {"pause": {"duration": duration}}, {"pause": {}}, {"setWeight": 100.0}]
    assert parameter_problems(weight, parameters("weight") | {"steps": steps}) == []


def test_all_problems_are_listed_by_their_pointers(weight):
    assert [problem.pointer for problem in parameter_problems(weight, {"port": 0, "replicas": "x"})] == [
        "",
        "/port",
        "/replicas",
    ]
