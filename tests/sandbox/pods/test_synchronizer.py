"""The synchronizer stand-in obeys the GlobalMesh."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial

import pytest

from meshroll.kube import Kube
from meshroll.sandbox import Sandbox
from tests.support.sandbox.cluster import (
    MANAGER,
    NETWORKING,
    Object,
    apply,
    destination_rule,
    global_mesh,
    namespace,
    until,
    virtual_service,
)

NAME = ("VirtualService", "provider")
MESH = ("discovery.mspider.io/v3alpha1", "GlobalMesh", "tests", "mspider-system")


@pytest.fixture
def mesh(host: Kube) -> Iterator[None]:
    apply(host, global_mesh())
    yield
    host.delete(*MESH)


@pytest.fixture(autouse=True)
def clean(host: Kube, worker: Kube, space: str) -> Iterator[None]:
    yield
    for kube in (worker, host):
        for kind in ("VirtualService", "DestinationRule"):
            kube.delete(NETWORKING, kind, "provider", space)
    until(lambda: copy_of(host, space) is None, "no copy is left")


def has_copy(host: Kube, space: str, spec: Object) -> bool:
    return (copy_of(host, space) or {}).get("spec") == spec


def copy_of(host: Kube, space: str) -> dict | None:
    return host.get(NETWORKING, *NAME, space)


def test_a_resource_made_in_the_worker_appears_in_the_host_with_its_namespace_and_without_what_is_the_sources(
    mesh: None, host: Kube, worker: Kube, space: str
) -> None:
    source = virtual_service(space, 0)
    source["metadata"]["labels"] = {"team": "shop", "app.kubernetes.io/instance": "app"}
    source["metadata"]["annotations"] = {"argocd.argoproj.io/tracking-id": "a:b", "note": "x"}
    apply(worker, source)
    found = until(lambda: copy_of(host, space), "the copy")
    assert found["spec"] == source["spec"]
    metadata = found["metadata"]
    assert metadata["labels"] == {
        "team": "shop",
        "mspider.io/origin-cluster": "worker-1",
        "mspider.io/synced-from": "tests",
    }
    assert metadata["annotations"] == {"note": "x"}
    assert not {"ownerReferences", "finalizers"} & metadata.keys()


def test_every_change_is_copied(mesh: None, host: Kube, worker: Kube, space: str) -> None:
    apply(worker, virtual_service(space, 0))
    until(lambda: copy_of(host, space), "the copy")
    took = []
    for weight in (5, 50, 100, 20, 80):
        apply(worker, virtual_service(space, weight))
        begin = time.monotonic()
        wanted = virtual_service(space, weight)["spec"]
        until(partial(has_copy, host, space, wanted), "the new weights")
        took.append(time.monotonic() - begin)
    print("copied after (ms):", sorted(round(1000 * seconds) for seconds in took))


def test_a_copy_that_was_changed_by_hand_is_made_equal_again(mesh: None, host: Kube, worker: Kube, space: str) -> None:
    apply(worker, virtual_service(space, 5))
    until(lambda: copy_of(host, space), "the copy")
    patch = {"spec": {"hosts": ["elsewhere"]}}
    host.patch(NETWORKING, *NAME, space, patch, field_manager=MANAGER)
    until(lambda: (copy_of(host, space) or {})["spec"] == virtual_service(space, 5)["spec"], "the source's spec")


def test_a_copy_goes_with_its_source(mesh: None, host: Kube, worker: Kube, space: str) -> None:
    apply(worker, virtual_service(space, 5))
    until(lambda: copy_of(host, space), "the copy")
    worker.delete(NETWORKING, *NAME, space)
    until(lambda: copy_of(host, space) is None, "no copy")


def test_a_foreign_resource_of_the_same_name_is_kept_and_reported_and_copied_once_it_goes(
    sandbox: Sandbox, mesh: None, host: Kube, worker: Kube, space: str
) -> None:
    foreign = virtual_service(space, 77)
    apply(host, namespace(space), foreign)
    apply(worker, virtual_service(space, 5))
    text = (
        f"VirtualService {space}/provider of worker-1 is not copied: "
        "the control plane has one of that name that is not its copy"
    )

    def event() -> dict | None:
        found = host.list("v1", "Event", "mspider-system")
        return next((e for e in found if e["message"] == text and e["reason"] == "ResourceConflict"), None)

    found = until(event, "the event")
    assert (found["involvedObject"]["kind"], found["involvedObject"]["name"]) == ("GlobalMesh", "tests")
    assert f"tests: ResourceConflict: {text}" in sandbox.logs("synchronizer").read_text()
    assert (copy_of(host, space) or {})["spec"] == foreign["spec"]
    host.delete(NETWORKING, *NAME, space)
    until(lambda: (copy_of(host, space) or {}).get("spec") == virtual_service(space, 5)["spec"], "the copy")


def test_only_listed_kinds_are_copied(sandbox: Sandbox, mesh: None, host: Kube, worker: Kube, space: str) -> None:
    def stops() -> int:
        return sandbox.logs("synchronizer").read_text().count("DestinationRule of worker-1 is no longer copied")

    def copied_rule() -> dict | None:
        return host.get(NETWORKING, "DestinationRule", "provider", space)

    apply(worker, destination_rule(space))
    until(copied_rule, "a copy while it is listed")
    before = stops()
    listed = global_mesh()
    entries = listed["spec"]["ownerConfig"]["controlPlaneParamsStruct"]["global"]["sync_istio_resources"]
    listed["spec"]["ownerConfig"]["controlPlaneParamsStruct"]["global"]["sync_istio_resources"] = entries[:1]
    apply(host, listed)
    until(lambda: stops() > before and copied_rule() is None, "its copying has stopped and the copy is removed")
    worker.delete(NETWORKING, "DestinationRule", "provider", space)
    apply(worker, destination_rule(space), virtual_service(space, 5))
    until(lambda: copy_of(host, space), "the listed kind")
    assert copied_rule() is None


def test_switching_off_removes_the_copies(mesh: None, host: Kube, worker: Kube, space: str) -> None:
    apply(worker, virtual_service(space, 5))
    until(lambda: copy_of(host, space), "the copy")
    apply(host, global_mesh(enabled_resources_synchronizer="false"))
    until(lambda: copy_of(host, space) is None, "no copy")


def test_switching_off_keeps_the_copies_where_auto_remove_is_off(
    sandbox: Sandbox, mesh: None, host: Kube, worker: Kube, space: str
) -> None:
    key = "global.enabled_resources_synchronizer_auto_remove"
    apply(worker, virtual_service(space, 5))
    until(lambda: copy_of(host, space), "the copy")
    log = sandbox.logs("synchronizer")
    before = log.read_text().count("VirtualService of worker-1 is no longer copied")
    apply(host, global_mesh(enabled_resources_synchronizer="false", **{key: "false"}))
    until(
        lambda: log.read_text().count("VirtualService of worker-1 is no longer copied") > before, "it stopped copying"
    )
    apply(worker, virtual_service(space, 50))
    assert (copy_of(host, space) or {})["spec"] == virtual_service(space, 5)["spec"]


def test_the_copies_go_with_the_mesh(host: Kube, worker: Kube, space: str) -> None:
    apply(host, global_mesh())
    apply(worker, virtual_service(space, 5))
    until(lambda: copy_of(host, space), "the copy")
    host.delete(*MESH)
    until(lambda: copy_of(host, space) is None, "no copy")


def test_a_mesh_that_went_while_no_synchronizer_ran_leaves_no_copy(
    whole: Sandbox, host: Kube, worker: Kube, space: str
) -> None:
    apply(host, global_mesh())
    apply(worker, virtual_service(space, 5))
    until(lambda: copy_of(host, space), "the copy")
    whole.stop("synchronizer")
    host.delete(*MESH)
    assert copy_of(host, space) is not None
    whole.start("synchronizer")
    until(lambda: copy_of(host, space) is None, "no copy")


def test_a_mesh_that_names_an_unattached_worker_copies_nothing_and_says_why(
    mesh: None, sandbox: Sandbox, host: Kube, worker: Kube, space: str
) -> None:
    apply(host, global_mesh(sync_resource_worker_cluster="nowhere"))
    text = "sync_resource_worker_cluster names nowhere, which is not in spec.clusters; nothing is copied"
    until(lambda: text in sandbox.logs("synchronizer").read_text(), "the line in the log")
    apply(worker, virtual_service(space, 5))
    assert copy_of(host, space) is None
