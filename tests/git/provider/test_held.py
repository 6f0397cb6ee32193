"""Undone stays undone, and a newer version in Git stays: the Release resource warns, goes on and succeeds."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2

from meshroll.gitops.history.rollback import locator, plan_rollback
from meshroll.gitops.planners import plan_rendered
from meshroll.gitops.plans import apply_plan
from meshroll.gitops.plans.scope import Scope
from meshroll.release import planning
from meshroll.release.properties import from_properties
from tests.support.git.repositories import Repository
from tests.support.provider.clusters import FILE, World, inputs, up
from tests.support.provider.engine import URN, Engine, struct


def undo(repository: Repository, service: str = "provider", reason: str = "it is slow") -> str:
    located = locator(service, adopted=False)
    rollback = plan_rollback(repository.remote, service, located, scope=Scope("prod"), reason=reason)
    return apply_plan(repository.remote, rollback.plan, stack="prod", undo=rollback.undo).commit


def again(engine: Engine, old: dict[str, Any], outputs: dict[str, Any], wanted: dict[str, Any]) -> list[str] | None:
    """The paths of a preview's diff; what the plug-in reported is in `engine.log`."""
    engine.log.messages.clear()
    return engine.diff(old, engine.check(wanted, old), outputs)


def delivered(engine: Engine, repository: Repository, **versions: str) -> tuple[dict[str, Any], dict[str, Any]]:
    old, _ = up(engine, inputs(repository, **dict.fromkeys(versions, "v1")))
    checked = engine.check(inputs(repository, **versions), old)
    return checked, engine.update(checked)


def test_deliver_undo_change_something_else_and_up_makes_no_commit(engine: Engine, repository: Repository) -> None:
    old, outputs = delivered(engine, repository, provider="v2")
    undone = undo(repository)
    when = repository.log("%aI")[0][:16].replace("T", " ")
    wanted = inputs(repository, provider="v2") | {"timeoutSeconds": 5}
    assert again(engine, old, outputs, wanted) is None
    (message,) = engine.log.messages
    assert message == (
        f"warning: provider: v2 was undone by Meshroll in {undone[:12]} at {when}: it is slow; "
        "`meshroll retry provider v2 -s prod` releases it again"
    )
    assert repository.head() == undone


def test_a_service_held_back_is_an_error_where_the_stack_says_so(engine: Engine, repository: Repository) -> None:
    old, _ = delivered(engine, repository, provider="v2", consumer="v2")
    undo(repository)
    wanted = inputs(repository, provider="v2", consumer="v3") | {"onHeld": "error"}
    answer = engine.stub.Check(provider_pb2.CheckRequest(urn=URN, olds=struct(old), news=struct(wanted)))
    (failure,) = answer.failures
    assert failure.reason.startswith("provider: v2 was undone by Meshroll in ")
    assert failure.reason.endswith("`meshroll retry provider v2 -s prod` releases it again")
    assert repository.log()[0] == "Undo provider v2 -> v1"


def test_the_other_services_go_on(engine: Engine, repository: Repository, world: World) -> None:
    old, outputs = delivered(engine, repository, provider="v2", consumer="v2")
    undo(repository)
    wanted = inputs(repository, provider="v2", consumer="v3")
    assert again(engine, old, outputs, wanted) == ["services[1].version"]
    checked = engine.check(wanted, old)
    assert {edit["file"] for edit in checked["edits"]} == {"live/w/consumer/rollout.yaml"}
    now = engine.update(checked)
    assert now == {"commit": repository.head(), "versions": {"provider": "v1", "consumer": "v3"}}
    assert repository.log()[0] == "Release consumer v2 -> v3"
    assert world.waited[-1] == (repository.head(), ["consumer"])
    assert again(engine, checked, now, wanted) is None


def test_another_version_is_released_over_an_undo(engine: Engine, repository: Repository) -> None:
    old, _ = delivered(engine, repository, provider="v2")
    undo(repository)
    checked = engine.check(inputs(repository, provider="v3"), old)
    engine.update(checked)
    assert repository.log()[0] == "Release provider v1 -> v3"


def test_released_again_by_a_person_there_is_nothing_left_to_say(engine: Engine, repository: Repository) -> None:
    old, outputs = delivered(engine, repository, provider="v2")
    undo(repository)
    plan = planning.plan(from_properties(inputs(repository, provider="v2")))
    apply_plan(repository.remote, plan, stack="prod")
    assert again(engine, old, outputs, inputs(repository, provider="v2")) is None
    assert engine.log.messages == []


def test_an_undo_between_the_check_and_the_commit_stops_the_commit(engine: Engine, repository: Repository) -> None:
    old, _ = up(engine, inputs(repository, provider="v1"))
    wanted = inputs(repository, provider="v2")
    checked = engine.check(wanted, old)
    apply_plan(repository.remote, planning.plan(from_properties(wanted)), stack="prod")
    undone = undo(repository)
    with pytest.raises(grpc.RpcError) as caught:
        engine.update(checked)
    assert str(caught.value.details()).startswith(f"provider: v2 was undone by Meshroll in {undone[:12]} at 20")
    assert repository.head() == undone


def theirs(repository: Repository, version: str) -> str:
    text = repository.read(FILE).replace("version: v1\n", f"version: {version}\n")
    return repository.commit("hotfix", write={FILE: text})


@pytest.mark.parametrize("wish", ["v1", "v2"])
def test_what_someone_else_put_into_git_is_not_overwritten(engine: Engine, repository: Repository, wish: str) -> None:
    old, outputs = up(engine, inputs(repository, provider="v1"))
    hotfix = theirs(repository, "v9")
    repository.commit("scale", write={FILE: repository.read(FILE).replace("replicas: 1", "replicas: 7")})
    changed = again(engine, old, outputs, inputs(repository, provider=wish))
    assert changed == (None if wish == "v1" else ["services[0].version"])
    (message,) = engine.log.messages
    assert message == (
        "warning: provider: Git holds v9, newer than v1, which `pulumi up` wrote last: "
        f"Ada in {hotfix[:12]} (hotfix); `meshroll set --from-git provider -s prod` and then `pulumi up` "
        "bring the stack in line, and the next version goes on from there"
    )
    checked = engine.check(inputs(repository, provider=wish), old)
    assert checked["edits"] == []
    assert engine.update(checked)["versions"] == {"provider": "v9"}
    assert repository.log()[:2] == ["scale", "hotfix"]


def test_nor_after_a_refresh_that_showed_it(engine: Engine, repository: Repository) -> None:
    old, outputs = up(engine, inputs(repository, provider="v1"))
    theirs(repository, "v9")
    seen, now = engine.read(old, outputs)
    checked = engine.check(inputs(repository, provider="v1"), seen)
    assert checked["edits"] == []
    assert now["versions"] == {"provider": "v9"}


def test_once_the_stack_is_in_line_the_next_version_goes_on(engine: Engine, repository: Repository) -> None:
    old, outputs = up(engine, inputs(repository, provider="v1"))
    theirs(repository, "v9")
    in_line = engine.check(inputs(repository, provider="v9"), old)
    assert engine.diff(old, in_line, outputs) == ["services[0].version"]
    engine.update(in_line)
    assert repository.log()[0] == "hotfix"
    checked = engine.check(inputs(repository, provider="v10"), in_line)
    engine.update(checked)
    assert repository.log()[0] == "Release provider v9 -> v10"


def test_what_another_person_released_is_named_with_its_commit(engine: Engine, repository: Repository) -> None:
    old, outputs = up(engine, inputs(repository, provider="v1"))
    plan = planning.plan(from_properties(inputs(repository, provider="v2")))
    commit = apply_plan(repository.remote, plan, stack="prod").commit
    assert again(engine, old, outputs, inputs(repository, provider="v1")) is None
    (message,) = engine.log.messages
    assert message.startswith(
        f"warning: provider: Git holds v2, newer than v1, which `pulumi up` wrote last: Meshroll in {commit[:12]} at 20"
    )


def test_the_first_up_takes_over_what_it_finds(engine: Engine, repository: Repository) -> None:
    plan = plan_rendered(
        repository.remote, "live/w", planning.rendered_files(from_properties(inputs(repository, provider="v1")))
    )
    apply_plan(repository.remote, plan, stack="")
    engine.create(engine.check(inputs(repository, provider="v2")))
    assert repository.log()[0] == "Release provider v1 -> v2"
