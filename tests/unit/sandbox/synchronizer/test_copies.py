from typing import Any

from meshroll.sandbox.synchronizer.copies import Act, Decision, copy, decide

SOURCE = {
    "apiVersion": "networking.istio.io/v1beta1",
    "kind": "VirtualService",
    "metadata": {
        "name": "provider",
        "namespace": "dubbo",
        "uid": "u-1",
        "resourceVersion": "7",
        "generation": 3,
        "creationTimestamp": "2026-01-01T00:00:00Z",
        "finalizers": ["x/y"],
        "managedFields": [{"manager": "argocd"}],
        "ownerReferences": [{"kind": "Rollout", "name": "r", "uid": "u-9"}],
        "labels": {"team": "shop", "app.kubernetes.io/instance": "dubbo-worker-1"},
        "annotations": {"note": "x", "argocd.argoproj.io/tracking-id": "a:b", "argocd.argoproj.io/sync-wave": "1"},
    },
    "spec": {"hosts": ["dubbo3-provider"], "http": [{"name": "test-v1"}]},
    "status": {"observedGeneration": 3},
}
COPY = {
    "apiVersion": "networking.istio.io/v1beta1",
    "kind": "VirtualService",
    "metadata": {
        "name": "provider",
        "namespace": "dubbo",
        "labels": {"team": "shop", "mspider.io/origin-cluster": "w", "mspider.io/synced-from": "m"},
        "annotations": {"note": "x"},
    },
    "spec": {"hosts": ["dubbo3-provider"], "http": [{"name": "test-v1"}]},
}


def there(**metadata: Any) -> dict[str, Any]:
    return {**COPY, "metadata": {**COPY["metadata"], "uid": "u-2", "resourceVersion": "40", **metadata}}  # type: ignore[dict-item]


def act(source: dict[str, Any] | None, found: dict[str, Any] | None) -> Decision:
    return decide(source, found, origin="w", mesh="m")


def test_a_copy_leaves_behind_what_belongs_to_the_source_alone() -> None:
    assert copy(SOURCE, origin="w", mesh="m") == COPY


def test_a_missing_copy_is_created() -> None:
    assert act(SOURCE, None) == Decision(Act.CREATE, COPY)


def test_an_equal_copy_is_left_alone() -> None:
    assert act(SOURCE, there(generation=5)) == Decision(Act.NOTHING)


def test_a_copy_that_differs_is_replaced_only_as_it_was_read() -> None:
    changed = {**there(), "spec": {"hosts": ["other"]}}
    expected = {**COPY, "metadata": {**COPY["metadata"], "resourceVersion": "40"}}  # type: ignore[dict-item]
    assert act(SOURCE, changed) == Decision(Act.REPLACE, expected)


def test_a_copy_from_another_worker_is_taken_over() -> None:
    labels = {"mspider.io/origin-cluster": "other", "mspider.io/synced-from": "m"}
    assert act(SOURCE, there(labels=labels)).act is Act.REPLACE


def test_a_foreign_resource_of_the_same_name_is_a_conflict() -> None:
    foreign = there(labels={"team": "shop"})
    assert act(SOURCE, foreign) == Decision(Act.CONFLICT, foreign)


def test_a_copy_of_another_mesh_is_a_conflict() -> None:
    labels = {"mspider.io/origin-cluster": "w", "mspider.io/synced-from": "another"}
    assert act(SOURCE, there(labels=labels)).act is Act.CONFLICT


def test_a_copy_goes_with_its_source() -> None:
    assert act(None, there()) == Decision(Act.DELETE, there())
    leaving = {**SOURCE, "metadata": {**SOURCE["metadata"], "deletionTimestamp": "now"}}  # type: ignore[dict-item]
    assert act(leaving, there()).act is Act.DELETE


def test_a_foreign_resource_stays_when_there_is_no_source() -> None:
    assert act(None, there(labels={})) == Decision(Act.NOTHING)


def test_the_source_is_not_changed_by_copying() -> None:
    copied = copy(SOURCE, origin="w", mesh="m")
    copied["spec"]["http"][0]["name"] = "changed"
    assert SOURCE["spec"]["http"] == [{"name": "test-v1"}]  # type: ignore[index]
