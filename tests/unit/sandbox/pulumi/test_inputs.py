"""What `check` makes of inputs, and which types and options are served."""

from typing import Any

import pytest

from meshroll.errors import BadInputError
from meshroll.sandbox.pulumi.kubernetes.diff import Mutable
from meshroll.sandbox.pulumi.kubernetes.inputs import (
    completed,
    field_manager,
    identifier,
    parse_identifier,
    unique_name,
)
from meshroll.sandbox.pulumi.kubernetes.kinds import Kind, parse
from meshroll.sandbox.pulumi.kubernetes.settings import Settings, changed, content, replaces, unserved
from meshroll.sandbox.pulumi.kubernetes.settings import parse as parse_settings

OFFICIAL = "the official plug-in"
KIND = Kind("v1", "ConfigMap")
UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


def complete(new: dict[str, Any], old: dict[str, Any] | None = None, namespace: str | None = "shop") -> dict[str, Any]:
    return completed(new, old or {}, kind=KIND, urn_name="config", seed=b"seed", namespace=namespace, official=OFFICIAL)


def test_a_name_is_made_up_once_and_kept():
    first = complete({"data": {}})
    name = unique_name("config", b"seed")
    assert first == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "data": {},
        "metadata": {"name": name, "namespace": "shop", "annotations": {"pulumi.com/autonamed": "true"}},
    }
    old = {**first, "metadata": {**first["metadata"], "name": "config-before"}}
    assert complete({"data": {}}, old)["metadata"]["name"] == "config-before"


def test_a_name_and_a_namespace_that_are_given_stay():
    metadata = {"name": "c", "namespace": "other"}
    assert complete({"metadata": metadata})["metadata"] == metadata


def test_metadata_that_is_not_known_yet_passes():
    assert complete({"metadata": UNKNOWN_TEXT})["metadata"] == UNKNOWN_TEXT


def test_a_kind_without_namespaces_gets_none():
    assert complete({"metadata": {"name": "c"}}, namespace=None)["metadata"] == {"name": "c"}


def test_generate_name_is_refused():
    with pytest.raises(BadInputError) as error:
        complete({"metadata": {"generateName": "c-"}})
    assert str(error.value) == (
        "metadata.generateName: server-side apply does not support generateName; "
        "expected metadata.name, or neither for a name made up"
    )


def test_names_differ_by_seed_and_are_random_without_one():
    assert unique_name("a", b"1") == unique_name("a", b"1") != unique_name("a", b"2")
    assert unique_name("a", b"") != unique_name("a", b"")


def test_the_field_manager_is_the_annotations_else_the_states_else_the_resources_own():
    annotated = {"metadata": {"annotations": {"pulumi.com/patchFieldManager": "mine"}}}
    assert field_manager(annotated, {"__fieldManager": "kept"}, "urn") == "mine"
    assert field_manager({}, {"__fieldManager": "kept"}, "urn") == "kept"
    assert field_manager({}, {}, "urn") == field_manager({}, {}, "urn") == unique_name("pulumi-kubernetes", b"urn")


def test_an_identifier_is_namespace_and_name_or_the_name_alone():
    for text, metadata in (("shop/c", {"name": "c", "namespace": "shop"}), ("shop", {"name": "shop"})):
        assert identifier({"metadata": metadata}) == text
    assert (parse_identifier("shop/c"), parse_identifier("shop")) == (("shop", "c"), ("", "shop"))


@pytest.mark.parametrize(
    ("token", "kind"),
    [
        ("kubernetes:core/v1:Secret", Kind("v1", "Secret")),
        ("kubernetes:argoproj.io/v1alpha1:Application", Kind("argoproj.io/v1alpha1", "Application")),
        ("kubernetes:gateway.networking.k8s.io/v1:Gateway", Kind("gateway.networking.k8s.io/v1", "Gateway")),
    ],
)
def test_the_components_kinds_and_all_custom_resources_are_served(token: str, kind: Kind):
    assert parse(token, official=OFFICIAL, write=True) == kind


@pytest.mark.parametrize(
    "token",
    [
        "kubernetes:apps/v1:Deployment",
        "kubernetes:core/v1:NamespacePatch",
        "kubernetes:core/v1:ConfigMapList",
        "kubernetes:helm.sh/v3:Release",
        "kubernetes:yaml/v2:ConfigFile",
        "kubernetes:networking.k8s.io/v1:Ingress",
        "aws:s3/bucket:Bucket",
    ],
)
def test_every_other_type_names_the_official_plugin(token: str):
    with pytest.raises(BadInputError) as error:
        parse(token, official=OFFICIAL, write=True)
    assert str(error.value) == (
        f"the sandbox's stand-in for the kubernetes plug-in does not serve the type {token}; expected {OFFICIAL}"
    )


def test_a_service_is_read_but_not_written():
    assert parse("kubernetes:core/v1:Service", official=OFFICIAL, write=False) == Kind("v1", "Service")
    with pytest.raises(BadInputError, match="does not serve writing the type kubernetes:core/v1:Service"):
        parse("kubernetes:core/v1:Service", official=OFFICIAL, write=True)


def test_options_come_from_the_provider_else_from_the_environment():
    values = {"kubeconfig": "/k", "context": "c", "enableSecretMutable": "true", "enablePatchForce": False}
    environ = {"PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE": "true", "PULUMI_K8S_ENABLE_PATCH_FORCE": "true"}
    expected = Settings("/k", "c", mutable=Mutable(secrets=True, config_maps=True))
    assert parse_settings(values, environ) == expected


def test_options_that_are_not_served_are_named():
    values = {"kubeconfig": "", "version": "4.34.2", "enableServerSideApply": "false", "renderYamlToDirectory": "x"}
    assert unserved(values) == ["renderYamlToDirectory", "enableServerSideApply=false"]


def kubeconfig(server: str) -> str:
    return (
        "current-context: t\ncontexts: [{name: t, context: {cluster: c, user: u}}]\n"
        f"clusters: [{{name: c, cluster: {{server: {server}}}}}]\n"
    )


def test_with_a_cluster_identifier_only_its_change_replaces():
    old = {"kubeconfig": kubeconfig("https://a"), "clusterIdentifier": "one"}
    moved = old | {"kubeconfig": kubeconfig("https://b")}
    assert (changed(old, moved), replaces(old, moved)) == (["kubeconfig"], False)
    assert replaces(old, old | {"clusterIdentifier": "two"})


def test_without_a_cluster_identifier_another_active_cluster_replaces():
    old = {"kubeconfig": kubeconfig("https://a")}
    assert replaces(old, {"kubeconfig": kubeconfig("https://b")})
    assert not replaces(old, {"kubeconfig": kubeconfig("https://a") + "users: []\n"})
    assert replaces(old, {"kubeconfig": UNKNOWN_TEXT})


def test_a_kubeconfig_given_as_broken_text_is_not_shown():
    with pytest.raises(BadInputError) as error:
        content("token: hunter2\n  : [")
    assert str(error.value) == "the provider's kubeconfig is not valid YAML; expected a kubeconfig or a path to one"
    assert content("/path/to/kubeconfig") is None
