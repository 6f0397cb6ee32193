"""The kubernetes stand-in's comparison of a recorded object with new inputs."""

from typing import Any

from meshroll.sandbox.pulumi.kubernetes.diff import (
    Change,
    Difference,
    Mutable,
    difference,
    expected,
    imported,
    normal,
    pruned,
)

LIVE: dict[str, Any] = {
    "apiVersion": "example.org/v1",
    "kind": "Widget",
    "metadata": {"name": "w", "namespace": "shop", "uid": "1", "resourceVersion": "2", "generation": 3},
    "spec": {"size": 3, "color": "red", "parts": [{"name": "a", "weight": 5, "unit": "kg"}]},
    "status": {"ready": True},
}
INPUTS: dict[str, Any] = {
    "apiVersion": "example.org/v1",
    "kind": "Widget",
    "metadata": {"name": "w", "namespace": "shop"},
    "spec": {"size": 3, "parts": [{"name": "a", "weight": 5}]},
}
CONFIG: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "c", "namespace": "shop"},
    "data": {"key": "one"},
}


def compare(new: dict[str, Any], live: dict[str, Any] = LIVE, old: dict[str, Any] = INPUTS, **more: Any) -> Difference:
    return difference(live, old, new, mutable=more.pop("mutable", Mutable()), **more)


def test_what_the_cluster_filled_in_is_no_difference():
    assert compare(INPUTS) == Difference({})


def test_every_change_has_its_path():
    spec = {"size": 4, "parts": [{"name": "a"}, {"name": "b"}], "a.b": {"c": 1}}
    assert compare({**INPUTS, "spec": spec}) == Difference(
        {
            "spec.size": Change.UPDATE,
            "spec.parts[0].weight": Change.DELETE,
            "spec.parts[1]": Change.ADD,
            'spec["a.b"]': Change.ADD,
        }
    )


def test_what_somebody_else_changed_is_a_difference_only_where_the_inputs_speak():
    live = {**LIVE, "spec": {"size": 9, "color": "blue", "parts": LIVE["spec"]["parts"]}}
    assert compare(INPUTS, live) == Difference({"spec.size": Change.UPDATE})


def test_true_is_not_one():
    live, old = {**LIVE, "spec": {"size": 1}}, {**INPUTS, "spec": {"size": 1}}
    assert compare({**INPUTS, "spec": {"size": True}}, live, old) == Difference({"spec.size": Change.UPDATE})


def test_a_new_name_or_namespace_replaces_and_needs_no_deletion_first():
    for key in ("name", "namespace"):
        metadata = {**INPUTS["metadata"], key: "other"}
        path = f"metadata.{key}"
        assert compare({**INPUTS, "metadata": metadata}) == Difference({path: Change.UPDATE}, (path,))


def test_another_kind_or_group_replaces_and_another_version_of_the_group_does_not():
    assert compare({**INPUTS, "kind": "Gadget"}).replaces == ("kind",)
    assert compare({**INPUTS, "apiVersion": "example.com/v1"}).replaces == ("apiVersion",)
    assert compare({**INPUTS, "apiVersion": "example.org/v2"}) == Difference({"apiVersion": Change.UPDATE})


def test_the_default_namespace_may_be_left_out():
    live, old = {**LIVE, "metadata": {"name": "w", "namespace": "default"}}, {**INPUTS, "metadata": {"name": "w"}}
    assert compare(old, live, old) == Difference({})


def test_a_config_maps_content_replaces_with_the_old_one_first_unless_mutable():
    new = {**CONFIG, "data": {"key": "two"}}
    changes = {"data.key": Change.UPDATE}
    assert compare(new, CONFIG, CONFIG) == Difference(changes, ("data.key",), delete_first=True)
    assert compare(new, CONFIG, CONFIG, mutable=Mutable(config_maps=True)) == Difference(changes)


def test_an_immutable_config_map_is_replaced_even_when_the_provider_says_mutable():
    live = {**CONFIG, "immutable": True}
    new = {**live, "data": {"key": "two"}}
    assert compare(new, live, live, mutable=Mutable(config_maps=True)).replaces == ("data.key",)


def test_a_generated_name_lets_the_new_object_come_first():
    annotated = {**CONFIG, "metadata": {**CONFIG["metadata"], "annotations": {"pulumi.com/autonamed": "true"}}}
    assert not compare({**annotated, "data": {"key": "two"}}, annotated, annotated).delete_first


def test_ignored_paths_cover_what_lies_below_them():
    new = {**INPUTS, "spec": {"size": 4, "parts": [{"name": "b", "weight": 5}]}}
    assert compare(new, ignore=["spec.parts[*].name"]) == Difference({"spec.size": Change.UPDATE})
    assert compare(new, ignore=['["spec"]']) == Difference({})


def test_a_secret_is_compared_as_the_server_stores_it():
    secret = {**CONFIG, "kind": "Secret", "data": {"password": "eDE="}}
    written = {key: value for key, value in secret.items() if key != "data"} | {"stringData": {"password": "x1"}}
    assert normal(written) == secret
    assert compare(written, secret, written) == Difference({})
    assert compare({**written, "stringData": {"password": "x2"}}, secret, written) == Difference(
        {"data.password": Change.UPDATE}, ("data.password",), delete_first=True
    )


def test_an_import_leaves_out_what_only_the_server_sets():
    assert imported(LIVE) == {**INPUTS, "spec": LIVE["spec"]}


def test_a_dry_run_promises_no_status():
    assert expected(LIVE) == {key: value for key, value in LIVE.items() if key != "status"}


def test_a_live_object_is_cut_to_the_shape_of_the_inputs():
    assert pruned(LIVE, INPUTS) == INPUTS
    assert pruned({"a": [1, {"b": 2, "c": 3}]}, {"a": [1]}) == {"a": [1, {"b": 2, "c": 3}]}
