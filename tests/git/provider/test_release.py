"""The Release resource over the plug-in's protocol, on a real repository: previews, commits and changes."""

from __future__ import annotations

from typing import Any

import grpc
import pytest

from tests.support.git.repositories import Repository
from tests.support.provider.clusters import FILE, World, inputs, up
from tests.support.provider.engine import Engine


def test_a_preview_shows_the_diff_and_changes_nothing(engine: Engine, repository: Repository) -> None:
    checked = engine.check(inputs(repository, provider="v1"))
    identity, outputs = engine.create(checked, preview=True)
    assert (identity, outputs) == ("", {})  # commit and versions are not known, so they are not answered
    (diff,) = engine.log.messages
    assert f"diff --git a/{FILE} b/{FILE}\nnew file mode 100644\n" in diff
    assert "+        version: v1\n" in diff
    assert "containerPort: 20880\n" in diff  # it arrived as 20880.0
    assert repository.git("for-each-ref") == ""


def test_up_makes_the_commit_waits_for_it_and_says_how_to_go_on(
    engine: Engine, repository: Repository, world: World
) -> None:
    checked = engine.check(inputs(repository, provider="v1", consumer="v1"))
    assert [edit["old"] for edit in checked["edits"]] == [""] * len(repository_files(checked))
    identity, outputs = engine.create(checked)
    head = repository.head()
    assert identity == "prod/shop-w"
    assert outputs == {"commit": head, "versions": {"provider": "v1", "consumer": "v1"}}
    assert repository.log() == ["Release 2 services of prod"]
    assert world.validated == [("w", ["consumer", "provider"])]
    assert world.waited == [(head, ["provider", "consumer"])]
    assert engine.log.messages == [
        f"committed {head[:12]} to main: provider - -> v1, consumer - -> v1",
        "(Application shop-w is syncing)",
        "provider in w waits: go on with `meshroll promote provider -s prod`",
    ]


def repository_files(checked: dict[str, Any]) -> list[str]:
    return [edit["file"] for edit in checked["edits"]]


def test_a_second_up_changes_nothing_and_has_no_cluster_validate_it(
    engine: Engine, repository: Repository, world: World
) -> None:
    old, outputs = up(engine, inputs(repository, provider="v1"))
    world.validated.clear()
    new = engine.check(inputs(repository, provider="v1"))
    assert new["edits"] == []
    assert engine.diff(old, new, outputs) is None
    assert world.validated == []


def test_a_new_version_is_an_update_of_that_service_alone(engine: Engine, repository: Repository, world: World) -> None:
    old, outputs = up(engine, inputs(repository, provider="v1", consumer="v1"))
    new = engine.check(inputs(repository, provider="v2", consumer="v1"))
    assert repository_files(new) == [FILE]
    assert engine.diff(old, new, outputs) == ["services[0].version"]
    assert engine.update(new, preview=True) == {}
    assert engine.update(new) == {"commit": repository.head(), "versions": {"provider": "v2", "consumer": "v1"}}
    assert repository.log()[0] == "Release provider v1 -> v2"
    assert world.waited[-1] == (repository.head(), ["provider"])
    assert world.validated[-1] == ("w", ["provider"])


def test_another_way_to_the_same_servers_is_no_change(engine: Engine, repository: Repository) -> None:
    old, outputs = up(engine, inputs(repository, provider="v1"))
    moved = inputs(repository, provider="v1") | {"workers": [{"name": "w", "kubeconfig": "/new"}], "timeoutSeconds": 5}
    assert engine.diff(old, engine.check(moved), outputs) is None


def test_a_file_changed_by_hand_is_a_change_though_the_stack_is_the_same(
    engine: Engine, repository: Repository
) -> None:
    old, outputs = up(engine, inputs(repository, provider="v1"))
    repository.commit(write={FILE: repository.read(FILE).replace("replicas: 1", "replicas: 7")})
    new = engine.check(inputs(repository, provider="v1"))
    assert engine.diff(old, new, outputs) == ["edits"]
    engine.update(new)
    assert "replicas: 1\n" in repository.read(FILE)


def test_what_moved_between_check_and_create_is_a_conflict_with_a_name(
    engine: Engine, repository: Repository, world: World
) -> None:
    up(engine, inputs(repository, provider="v1"))
    checked = engine.check(inputs(repository, provider="v2"))
    text = repository.read(FILE).replace("replicas: 1", "replicas: 7")
    theirs = repository.commit("scale up", write={FILE: text})
    with pytest.raises(grpc.RpcError) as caught:
        engine.update(checked)
    assert caught.value.details() == (
        f"{FILE}: it was changed by Ada in {theirs[:12]} (scale up) since it was planned; expected a new plan"
    )
    assert len(world.waited) == 1


def test_a_commit_that_was_made_before_a_crash_is_not_made_again(engine: Engine, repository: Repository) -> None:
    up(engine, inputs(repository, provider="v1"))  # and the state was lost
    _, outputs = up(engine, inputs(repository, provider="v1"))
    assert outputs == {"commit": repository.head(), "versions": {"provider": "v1"}}
    assert repository.log() == ["Release provider v1"]
