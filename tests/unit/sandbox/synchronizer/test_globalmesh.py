from typing import Any

import pytest

from meshroll.sandbox.synchronizer.globalmesh import CopyRequest, Resource, copy_request

VIRTUAL_SERVICE = {
    "group": "networking.istio.io",
    "kind": "VirtualService",
    "resource": "virtualservices",
    "version": "v1beta1",
}
GATEWAY = {"group": "networking.istio.io", "kind": "Gateway", "resource": "gateways", "version": "v1alpha3"}
PARAMETERS = {"enabled_resources_synchronizer": "true", "sync_resource_worker_cluster": "w"}


def mesh(
    parameters: dict[str, Any], listed: Any = (VIRTUAL_SERVICE,), clusters: tuple[str, ...] = ("w",)
) -> dict[str, Any]:
    return {
        "metadata": {"name": "m", "namespace": "mspider-system"},
        "spec": {
            "clusters": list(clusters),
            "ownerConfig": {
                "controlPlaneParams": parameters,
                "controlPlaneParamsStruct": {"global": {"sync_istio_resources": list(listed)}},
            },
        },
    }


def test_the_listed_kinds_are_copied_from_the_named_worker_in_the_listed_versions() -> None:
    assert copy_request(mesh(PARAMETERS, (VIRTUAL_SERVICE, GATEWAY))) == CopyRequest(
        mesh="m",
        worker="w",
        resources=(
            Resource("networking.istio.io", "Gateway", "gateways", "v1alpha3"),
            Resource("networking.istio.io", "VirtualService", "virtualservices", "v1beta1"),
        ),
        enabled=True,
        keep_when_off=False,
    )


@pytest.mark.parametrize("value", [True, "true", "True"])
@pytest.mark.parametrize("prefix", ["", "global."])
def test_the_switch_is_read_as_boolean_or_text_with_or_without_prefix(value: object, prefix: str) -> None:
    parameters = {f"{prefix}enabled_resources_synchronizer": value, f"{prefix}sync_resource_worker_cluster": "w"}
    assert copy_request(mesh(parameters)).enabled


@pytest.mark.parametrize("parameters", [{}, {**PARAMETERS, "enabled_resources_synchronizer": "false"}])
def test_a_switch_that_is_off_or_absent_copies_nothing(parameters: dict[str, Any]) -> None:
    assert not copy_request(mesh(parameters)).enabled


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (mesh({"enabled_resources_synchronizer": "true"}), "sync_resource_worker_cluster names no cluster"),
        (mesh(PARAMETERS, clusters=()), "sync_resource_worker_cluster names w, which is not in spec.clusters"),
        (mesh(PARAMETERS, [{"kind": "Gateway"}]), "sync_istio_resources has an entry without kind or version"),
    ],
)
def test_a_mesh_that_cannot_be_obeyed_says_why(body: dict[str, Any], problem: str) -> None:
    found = copy_request(body)
    assert (found.problem, found.enabled, found.resources) == (problem, False, ())


@pytest.mark.parametrize(("value", "kept"), [("false", True), (False, True), ("true", False), (None, False)])
def test_copies_are_kept_only_where_auto_remove_is_off(value: object, kept: bool) -> None:
    key = "global.enabled_resources_synchronizer_auto_remove"
    assert copy_request(mesh(PARAMETERS | ({} if value is None else {key: value}))).keep_when_off is kept


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        ("text", "spec is not a mapping"),
        ({"ownerConfig": ["x"]}, "ownerConfig is not a mapping"),
        ({"ownerConfig": {"controlPlaneParamsStruct": {"global": 5}}}, "global is not a mapping"),
        ({"clusters": "w"}, "clusters is not a list"),
        (
            {"ownerConfig": {"controlPlaneParamsStruct": {"global": {"sync_istio_resources": 5}}}},
            "sync_istio_resources is not a list",
        ),
    ],
)
def test_a_mesh_of_another_form_is_not_obeyed_and_loses_no_copy(spec: object, problem: str) -> None:
    found = copy_request({"metadata": {"name": "m"}, "spec": spec})
    assert found == CopyRequest("m", "", (), enabled=False, keep_when_off=True, problem=problem)


def test_what_a_switched_off_mesh_lists_is_not_looked_at() -> None:
    assert copy_request(mesh({}, [5])) == CopyRequest("m", "", (), enabled=False, keep_when_off=False)
