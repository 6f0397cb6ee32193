"""Whatever legal text the parameters hold, it comes back as that text and nothing else changes."""

import io
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from meshroll.manifests.templates import objects, parameter_problems
from meshroll.manifests.yamltext import dump
from tests.support.manifests import render

LIMITS = settings(deadline=None, max_examples=60, database=None)

TRICKY = st.sampled_from([
    "y", "No", "null", "~", "1e3", "0o17", "012", "0x1F", "1_000", "2026-01-01", ".inf", "=", "<<", "12:30:45",
    "${image}", "${*env}", "---", "...", "&a", "*a", "%a", "@a", "`", "[a]", "a:", "?",
    "- a", "a: b", "a #b", "'", '"', "\n", "a\nb: c\n", "!!int 1", "\t", "", "\u2028", "\ufeff", "\x07",
    "😀", "{a: b}", " a", "a ", "\\x41", "a\r\nb",
])  # fmt: skip
TEXT = st.one_of(TRICKY, st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=30))
NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,12}", fullmatch=True).filter(lambda name: not name.startswith("POD_"))
PORTS = st.integers(1, 65535)
LABELS = st.one_of(
    st.sampled_from(["v1", "1e3", "y", "off", "1.0", "012", "2026-01-01", "null", "0x1", "1_0"]),
    st.from_regex(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,20}[A-Za-z0-9])?", fullmatch=True),
)
RESOURCES = st.from_regex(r"[a-z0-9]([-a-z0-9]{0,20}[a-z0-9])?", fullmatch=True)
STEPS = st.lists(st.integers(1, 100), min_size=1, max_size=5, unique=True).map(
    lambda weights: [
        step for weight in sorted(weights) for step in ({"setWeight": weight}, {"pause": {"duration": f"{weight}s"}})
    ]
)
PARAMETERS = st.fixed_dictionaries(
    {"image": st.from_regex(r"[!-~]{1,30}", fullmatch=True), "port": PORTS},
    optional={
        "replicas": st.integers(1, 1000),
        "targetPort": PORTS,
        "env": st.dictionaries(NAMES, TEXT, max_size=4),
        "virtualService": RESOURCES,
        "destinationRule": RESOURCES,
        "steps": STEPS,
        "gateway": st.fixed_dictionaries({"port": PORTS}, optional={"name": RESOURCES}),
    },
)


def _rendered(template: Any, version: str, parameters: dict[str, Any]) -> dict[str, dict[str, Any]]:
    files = render(template, service="a", namespace="n", version=version, parameters=parameters)
    return {item["kind"]: item for item in objects(files)}


@LIMITS
@given(value=st.recursive(TEXT, lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner), max_leaves=8))
def test_dumped_text_reads_back_the_same_by_the_rules_of_both_yaml_versions(value):
    text = dump(value)
    assert yaml.safe_load(text) == value
    newer = YAML(typ="safe", pure=True)
    newer.version = (1, 2)
    assert newer.load(io.StringIO(text)) == value


@LIMITS
@given(version=LABELS, parameters=PARAMETERS)
def test_legal_parameters_come_back_as_they_were_given(version, parameters, weight):
    assert parameter_problems(weight, parameters) == []
    found = _rendered(weight, version, parameters)
    pod = found["Rollout"]["spec"]["template"]
    container = pod["spec"]["containers"][0]
    assert pod["metadata"]["labels"] == {"app": "a", "sidecar.istio.io/inject": "true", "version": version}
    assert container["image"] == parameters["image"]
    assert {item["name"]: item["value"] for item in container["env"] if "value" in item} == parameters.get("env", {})
    assert found["Service"]["spec"]["ports"][0]["port"] == parameters["port"]
    assert found["VirtualService"]["metadata"]["name"] == parameters.get("virtualService", "a")
    assert found["DestinationRule"]["metadata"]["name"] == parameters.get("destinationRule", "a")
    if "steps" in parameters:
        assert found["Rollout"]["spec"]["strategy"]["canary"]["steps"] == parameters["steps"]
    assert ("Gateway" in found) == ("gateway" in parameters)


@LIMITS
@given(image=st.from_regex(r"[!-~]{1,40}", fullmatch=True), text=TEXT)
def test_no_text_adds_a_key(image, text, weight):
    def shape(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: shape(item) for key, item in value.items()}
        return [shape(item) for item in value] if isinstance(value, list) else type(value)

    plain = _rendered(weight, "v1", {"image": "x", "port": 1, "env": {"A": "x"}})
    tricky = _rendered(weight, "v1", {"image": image, "port": 1, "env": {"A": text}})
    assert shape(tricky) == shape(plain)


@LIMITS
@given(
    parameters=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["image", "port", "env", "steps", "gateway", "readinessProbe", "pause", "setWeight", "x"]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
@pytest.mark.parametrize("name", ["weight", "header"])
def test_any_input_whatever_gets_an_answer_and_never_a_traceback(name, parameters, templates):
    for problem in parameter_problems(templates[name], parameters):
        assert problem.message
