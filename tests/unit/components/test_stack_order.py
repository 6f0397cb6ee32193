"""In which order a stack's resources are made, and in which cluster."""

from __future__ import annotations

import dataclasses

from tests.support.components.program import Made
from tests.support.components.stack import (
    APPLICATION,
    NAMESPACE,
    PROJECT,
    RELEASE,
    made_by,
)
from tests.support.stacks import stack


def everything_before(made: dict[str, Made], key: str) -> set[str]:
    """The names of all resources that must exist before one; destroying deletes it before all of them."""
    by_name = {resource.name: resource for resource in made.values() if "index:" not in resource.type}
    by_name |= {resource.name: resource for resource in made.values() if resource.type == RELEASE}
    found: set[str] = set()
    left = set(made[key].after)
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left |= by_name[name].after if name in by_name else set()
    return found


def test_an_application_goes_before_project_credentials_namespace_and_mesh() -> None:
    made, _ = made_by(stack())
    assert everything_before(made, f"{APPLICATION} dubbo-application-worker-1") >= {
        "dubbo-project",
        "dubbo-repository",
        "dubbo-worker-1",
        "mesh-global-mesh",
        "mesh-remote-worker-1",
    }
    assert "dubbo-worker-1" in made[f"{PROJECT} dubbo-project"].after
    assert "mesh-global-mesh" in made[f"{NAMESPACE} dubbo-worker-1"].after


def test_a_release_is_made_after_its_own_application_only() -> None:
    made, _ = made_by(stack(workers=("worker-1", "worker-2")))
    assert made[f"{RELEASE} dubbo-worker-1"].after == {"dubbo-application-worker-1"}
    assert made[f"{RELEASE} dubbo-worker-2"].after == {"dubbo-application-worker-2"}


def test_a_wave_begins_when_the_one_before_it_has_ended() -> None:
    of_three = stack(workers=("worker-1", "worker-2", "worker-3"))
    waves = (("worker-3",), ("worker-1", "worker-2"))
    made, _ = made_by(dataclasses.replace(of_three, delivery=dataclasses.replace(of_three.delivery, waves=waves)))
    releases = {resource.name: resource for resource in made.values() if resource.type == RELEASE}
    assert releases["dubbo-worker-3"].after == {"dubbo-application-worker-3"}
    for name in ("worker-1", "worker-2"):
        assert releases[f"dubbo-{name}"].after == {f"dubbo-application-{name}", "dubbo-worker-3"}
    assert {name: resource.inputs["wave"] for name, resource in releases.items()} == {
        "dubbo-worker-3": 1,
        "dubbo-worker-1": 2,
        "dubbo-worker-2": 2,
    }


def test_one_release_serves_all_clusters_where_the_path_does_not_tell_them_apart() -> None:
    made, _ = made_by(stack(workers=("worker-1", "worker-2"), path="rollouts"))
    (release,) = (resource for resource in made.values() if resource.type == RELEASE)
    assert release.name == "dubbo"
    assert release.after == {"dubbo-application-worker-1", "dubbo-application-worker-2"}
    assert (release.inputs["path"], [worker["name"] for worker in release.inputs["workers"]]) == (
        "rollouts",
        ["worker-1", "worker-2"],
    )
    assert release.inputs["argocd"]["applications"] == ["dubbo-worker-1", "dubbo-worker-2"]


def test_every_object_goes_to_its_cluster() -> None:
    made, _ = made_by(stack())
    assert {key.split(" ")[1]: resource.provider for key, resource in made.items() if resource.provider} == {
        "mesh-remote-worker-1": "host",
        "mesh-global-mesh": "host",
        "dubbo-worker-1": "worker-1",
        "dubbo-project": "host",
        "dubbo-repository": "host",
        "dubbo-application-worker-1": "host",
    }
