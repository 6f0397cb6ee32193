import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from meshroll.settings import document, load_file
from meshroll.settings.schema import FILE, fill_defaults, schema, secrets

EXAMPLES = ("production", "production-adopted", "production-many", "sandbox", "sandbox-header")
STACKS = [FILE.parent / f"Pulumi.{name}.yaml" for name in EXAMPLES]
ENVIRON = {
    "MESHROLL_KUBECONFIG": "/k",
    "MESHROLL_REPOSITORY": "file:///r.git",
    "MESHROLL_GATEWAY_WORKER_1": "127.16.0.1",
    "MESHROLL_REMOTE_KUBECONFIG_WORKER_1": "kubeconfig",
    "MESHROLL_REPOSITORY_PASSWORD": "password",
    "MESHROLL_SEARCH_INDEX": "index",
}


def rules(rule, path=""):
    if isinstance(rule, dict):
        yield path, rule
        for key, item in rule.items():
            yield from rules(item, f"{path}/{key}")
    elif isinstance(rule, list):
        for index, item in enumerate(rule):
            yield from rules(item, f"{path}/{index}")


def references(value, path=()):
    if isinstance(value, dict) and value.keys() == {"env"} and isinstance(value["env"], str):
        yield ".".join(path)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from references(item, (*path, key))


def test_the_schema_is_valid_json_schema():
    Draft202012Validator.check_schema(json.loads(FILE.read_text()))


def test_every_mapping_with_named_keys_is_strict():
    open_ones = [
        path
        for path, rule in rules(schema())
        if "properties" in rule and "type" in rule and rule.get("additionalProperties") is not False
    ]
    assert open_ones == []


def test_every_key_has_a_description_of_its_own_or_of_what_it_is():
    def described(rule):
        target = schema()["$defs"].get(rule.get("$ref", "").rpartition("/")[2], {})
        return "description" in rule or "description" in target

    known = [
        (path, key, inner)
        for path, rule in rules(schema())
        if isinstance(rule.get("properties"), dict) and "type" in rule
        for key, inner in rule["properties"].items()
    ]
    assert len(known) > 40
    undescribed = [f"{path}/{key}" for path, key, inner in known if not described(inner)]
    assert undescribed == []


@pytest.mark.parametrize("path", STACKS, ids=lambda path: path.name)
def test_every_stack_file_fits_the_schema_as_an_editor_reads_it(path: Path):
    assert list(Draft202012Validator(schema()).iter_errors(document.read(path).value)) == []


@pytest.mark.parametrize("path", STACKS, ids=lambda path: path.name)
def test_every_stack_file_can_be_loaded(path: Path):
    assert load_file(path, ENVIRON).services


@pytest.mark.parametrize("name", ["production", "production-adopted"])
def test_a_production_example_takes_nothing_but_credentials_from_the_environment(name: str):
    config = document.read(FILE.parent / f"Pulumi.{name}.yaml").value["config"]
    assert list(references(config)) == ["meshroll:repository.credentials.password"]


def test_the_sandbox_stacks_differ_in_what_must_not_meet():
    weight, header = (load_file(FILE.parent / f"Pulumi.{name}.yaml", ENVIRON) for name in ("sandbox", "sandbox-header"))
    for part in (
        lambda stack: stack.delivery.namespace,
        lambda stack: stack.argocd.project,
        lambda stack: stack.repository.path,
        lambda stack: stack.gateways["worker-1"].port,
        lambda stack: {service.template for service in stack.services},
    ):
        assert part(weight) != part(header)
    assert (weight.mesh is None, header.mesh is None) == (False, True)
    assert {service.version for service in (*weight.services, *header.services)} == {"v1"}


def test_defaults_fill_only_what_is_silent():
    value = {"config": {"meshroll:argocd": {"cluster": "a", "sync": {"prune": False}}}}
    filled, defaults = fill_defaults(value)
    assert filled["config"]["meshroll:argocd"] == {
        "cluster": "a",
        "namespace": "argocd",
        "sync": {"prune": False, "automated": True, "selfHeal": True},
    }
    assert ("config", "meshroll:argocd", "sync", "prune") not in defaults
    assert ("config", "meshroll:argocd", "sync", "selfHeal") in defaults


def test_passwords_and_remote_kubeconfigs_are_secrets():
    value = {
        "config": {
            "meshroll:repository": {"url": "u", "credentials": {"username": "u", "password": "p"}},
            "meshroll:mesh": {"name": "m", "remoteKubeconfigs": {"east": "k"}},
        }
    }
    assert secrets(value) == {
        ("config", "meshroll:repository", "credentials", "password"),
        ("config", "meshroll:mesh", "remoteKubeconfigs", "east"),
    }
