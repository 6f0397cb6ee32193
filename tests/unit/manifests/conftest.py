"""The project's own templates, and parameters for the two services of the example."""

import copy
from typing import Any

import pytest

from meshroll.manifests.templates import Template, load_template, objects
from tests.support.checkout import CHECKOUT
from tests.support.manifests import render

TEMPLATES = CHECKOUT / "rollout_templates"
HEADER = {"name": "lane", "value": "test-v2"}
PARAMETERS: dict[str, dict[str, Any]] = {
    "dubbo3-consumer": {
        "image": "meshroll.dev/sandbox/consumer:1",
        "port": 9090,
        "targetPort": 8080,
        "env": {"PROVIDER_URL": "tri://dubbo3-provider:20880"},
        "gateway": {"port": 9090, "bind": "127.16.0.1"},
    },
    "dubbo3-provider": {"image": "meshroll.dev/sandbox/provider:1", "port": 20880, "portName": "grpc-20880"},
}


@pytest.fixture(scope="session")
def templates() -> dict[str, Template]:
    return {name: load_template(TEMPLATES / name) for name in ("weight", "header")}


@pytest.fixture(scope="session")
def weight(templates):
    return templates["weight"]


@pytest.fixture(scope="session")
def header(templates):
    return templates["header"]


@pytest.fixture
def parameters():
    """Parameters by template and service, to be changed at will."""

    def of(template: str, service: str = "dubbo3-provider") -> dict[str, Any]:
        extra = {"header": HEADER} if template == "header" else {}
        return copy.deepcopy(PARAMETERS[service] | extra)

    return of


@pytest.fixture
def rendered(templates, parameters):
    """Objects as rendered by a template, as dictionaries to be changed at will."""

    def of(template: str, service: str = "dubbo3-provider") -> list[dict[str, Any]]:
        files = render(
            templates[template],
            service=service,
            namespace="dubbo",
            version="v1",
            parameters=parameters(template, service),
        )
        return objects(files)

    return of
