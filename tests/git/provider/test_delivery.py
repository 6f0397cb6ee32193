"""A commit on its way: what is waited for, and what is kept when the wait fails."""

from __future__ import annotations

import errno
import threading

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty

from meshroll.release import planning
from meshroll.release.inputs import ReleaseInputs
from tests.support.git.repositories import Repository
from tests.support.provider.clusters import FILE, World, inputs, up
from tests.support.provider.engine import Engine


def test_a_wait_that_fails_keeps_the_release_with_what_git_holds(
    engine: Engine, repository: Repository, world: World
) -> None:
    world.late = "Application shop-w is syncing, and the 120 s of delivery.timeout are over"
    checked = engine.check(inputs(repository, provider="v1"))
    outputs = {"commit": "", "versions": {"provider": "v1"}}
    failed = engine.undelivered(lambda: engine.create(checked))
    assert failed == (world.late, "prod/shop-w", outputs | {"commit": repository.head()})
    assert repository.log() == ["Release provider v1"]

    second = engine.check(inputs(repository, provider="v2"), checked)
    failed = engine.undelivered(lambda: engine.update(second))
    assert failed == (world.late, "prod/shop-w", {"commit": repository.head(), "versions": {"provider": "v2"}})
    assert repository.log() == ["Release provider v1 -> v2", "Release provider v1"]


def test_the_outputs_are_what_git_holds_when_another_release_came_instead(
    engine: Engine, repository: Repository, world: World
) -> None:
    up(engine, inputs(repository, provider="v1", consumer="v1"))
    checked = engine.check(inputs(repository, provider="v2", consumer="v1"))

    def overtake() -> None:
        text = repository.read(FILE).replace("version: v2\n", "version: v3\n")
        repository.commit("hotfix", write={FILE: text})

    world.meanwhile, world.late = overtake, "provider v3 came instead of v2"
    failed = engine.undelivered(lambda: engine.update(checked))
    theirs = {"commit": repository.head(), "versions": {"provider": "v3", "consumer": "v1"}}
    assert failed == ("provider v3 came instead of v2", "prod/shop-w", theirs)


def test_the_outputs_are_what_git_holds_when_another_service_was_released_during_the_wait(
    engine: Engine, repository: Repository, world: World
) -> None:
    up(engine, inputs(repository, provider="v1", consumer="v1"))
    checked = engine.check(inputs(repository, provider="v2", consumer="v1"))
    other = "live/w/consumer/rollout.yaml"

    def release() -> None:
        text = repository.read(other).replace("version: v1\n", "version: v9\n")
        repository.commit("hotfix", write={other: text})

    world.meanwhile = release
    assert engine.update(checked) == {"commit": repository.head(), "versions": {"provider": "v2", "consumer": "v9"}}


@pytest.mark.parametrize("versions", [{"provider": "v2"}, {"provider": "v3"}])
def test_after_a_run_that_was_killed_the_next_version_is_released(
    engine: Engine, repository: Repository, world: World, versions: dict[str, str]
) -> None:
    old, outputs = up(engine, inputs(repository, provider="v1"))
    world.late = "the run was killed here: nothing of this update reaches the state"
    engine.undelivered(lambda: engine.update(engine.check(inputs(repository, provider="v2"), old)))
    world.late = ""
    engine.log.messages.clear()
    checked = engine.check(inputs(repository, **versions), old)
    assert engine.log.messages == []
    assert engine.diff(old, checked, outputs) == ["services[0].version"]
    assert engine.update(checked) == {"commit": repository.head(), "versions": versions}
    assert world.waited[-1] == (repository.head(), ["provider"])


def test_nothing_is_committed_that_cannot_be_delivered(engine: Engine, repository: Repository, world: World) -> None:
    world.obstacles = ("there is no namespace shop in cluster w", "Application shop-w does not exist")
    checked = engine.check(inputs(repository, provider="v1"))
    with pytest.raises(grpc.RpcError) as caught:
        engine.create(checked)
    assert caught.value.details() == (
        "there is no namespace shop in cluster w; Application shop-w does not exist; nothing was committed"
    )
    assert "grpc-status-details-bin" not in dict(caught.value.trailing_metadata())
    assert repository.git("for-each-ref") == ""


def test_what_is_not_delivered_is_a_change_though_there_is_nothing_to_commit(
    engine: Engine, repository: Repository, world: World
) -> None:
    old, outputs = up(engine, inputs(repository, provider="v1"))
    world.undelivered = "Application shop-w does not exist"
    engine.log.messages.clear()
    checked = engine.check(inputs(repository, provider="v1"), old)
    assert engine.diff(old, checked, outputs) == ["argocd"]
    assert engine.log.messages == ["nothing to commit, but not delivered: Application shop-w does not exist"]
    assert world.looked == [(outputs["commit"], ["provider"])]
    world.undelivered = ""
    engine.update(checked)  # waits again for what Git holds
    assert world.waited[-1] == (repository.head(), ["provider"])
    assert engine.diff(checked, checked, outputs) is None


def test_a_service_that_an_earlier_wait_left_behind_is_waited_for_too(
    engine: Engine, repository: Repository, world: World
) -> None:
    old, _ = up(engine, inputs(repository, provider="v1", consumer="v1"))
    checked = engine.check(inputs(repository, provider="v1", consumer="v2"), old)
    world.undelivered = "Rollout provider in w is degraded"
    engine.update(checked)
    assert world.waited[1:] == [(repository.head(), ["consumer"]), (repository.head(), ["provider"])]


def test_a_disk_that_is_full_is_a_sentence_and_the_release_is_kept(
    engine: Engine, repository: Repository, world: World
) -> None:
    world.disk = OSError(errno.ENOSPC, "No space left on device", "/cache/git")
    checked = engine.check(inputs(repository, provider="v1"))
    sentence, identity, outputs = engine.undelivered(lambda: engine.create(checked))
    assert (identity, outputs) == ("prod/shop-w", {"commit": repository.head(), "versions": {"provider": "v1"}})
    assert sentence == ("this machine does not let Meshroll go on: No space left on device (/cache/git)")


def test_an_interrupt_ends_the_wait_and_asks_git_nothing_more(
    engine: Engine, repository: Repository, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[ReleaseInputs] = []
    world.hangs = threading.Event()
    checked = engine.check(inputs(repository, provider="v1"))
    monkeypatch.setattr(planning, "versions", lambda of: (asked.append(of), ("", {}))[1])
    threading.Timer(0.5, lambda: engine.stub.Cancel(Empty())).start()
    failed = engine.undelivered(lambda: engine.create(checked))
    world.hangs.set()
    assert failed == (
        "the wait was interrupted; the commit is made; expected `pulumi up` to wait again",
        "prod/shop-w",
        {"commit": repository.head(), "versions": {"provider": "v1"}},
    )
    assert asked == []
