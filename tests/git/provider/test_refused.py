"""Inputs that cannot be released: one sentence, and nothing is committed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import grpc
import pytest
from pulumi.runtime.rpc import UNKNOWN

from tests.support.git.repositories import Repository
from tests.support.provider.clusters import World, inputs, up
from tests.support.provider.engine import Engine, secret


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"path": "../x"}, "'../x' is not a path inside the repository"),
        ({"services": [{"name": "a", "version": "v 1", "template": "weight"}]}, "the version 'v 1' cannot be"),
        ({"services": [{"name": "a", "version": "v1", "template": "none"}]}, "there is no template 'none'"),
    ],
)
def test_bad_input_is_one_sentence_of_check(
    engine: Engine, repository: Repository, change: dict[str, Any], sentence: str
) -> None:
    assert sentence in engine.failure(inputs(repository, provider="v1") | change)


def test_an_object_that_the_cluster_would_refuse_is_never_committed(
    engine: Engine, repository: Repository, world: World
) -> None:
    world.refusal = "Rollout shop/provider /spec/replicas: -1 is below 0"
    assert engine.failure(inputs(repository, provider="v1")) == world.refusal
    assert repository.git("for-each-ref") == ""


def test_what_could_not_be_checked_is_said_once(engine: Engine, repository: Repository, world: World) -> None:
    world.notes = ["the dry run is skipped: the namespace shop does not exist yet"] * 2
    engine.check(inputs(repository, provider="v1"))
    assert engine.log.messages == [f"cluster w: {world.notes[0]}"]


def test_a_defect_is_named_as_one(engine: Engine, repository: Repository, world: World) -> None:
    world.waited = None  # type: ignore[assignment]
    with pytest.raises(grpc.RpcError) as caught:
        up(engine, inputs(repository, provider="v1"))
    assert caught.value.details().startswith("a defect in Meshroll: AttributeError: ")


def test_credentials_come_back_secret_though_the_program_forgot(engine: Engine, repository: Repository) -> None:
    wanted = inputs(repository, provider="v1")
    wanted["repository"]["credentials"] = {"username": "robot", "password": "p"}
    checked = engine.check(wanted)
    assert checked["repository"]["credentials"] == secret({"username": "robot", "password": "p"})


def test_a_secret_parameter_is_refused(engine: Engine, repository: Repository) -> None:
    wanted = inputs(repository, provider="v1")
    wanted["services"][0]["parameters"] = secret({"image": "x/y:1", "port": 80})
    assert engine.failure(wanted) == (
        "services[0].parameters: a secret would be committed to Git in clear; expected the name of a Secret instead"
    )


@pytest.mark.parametrize(
    ("place", "put"),
    [
        ("namespace", lambda wanted: wanted.update(namespace=secret("shop"))),
        ("path", lambda wanted: wanted.update(path=secret("live"))),
        ("services[0].version", lambda wanted: wanted["services"][0].update(version=secret("v1"))),
        (
            "services[0].parameters.env.TOKEN",
            lambda wanted: wanted["services"][0]["parameters"].update(env={"TOKEN": secret("s3cret")}),
        ),
        ("repository.commit.message", lambda wanted: wanted["repository"].update(commit={"message": secret("s3cret")})),
    ],
)
def test_a_secret_in_what_is_committed_is_refused_with_its_place(
    engine: Engine, repository: Repository, place: str, put: Callable[[dict[str, Any]], None]
) -> None:
    wanted = inputs(repository, provider="v1")
    put(wanted)
    assert engine.failure(wanted) == (
        f"{place}: a secret would be committed to Git in clear; expected the name of a Secret instead"
    )
    assert repository.git("for-each-ref") == ""


def test_inputs_that_are_not_known_yet_are_planned_later(engine: Engine, repository: Repository) -> None:
    wanted = inputs(repository, provider="v1") | {"workers": [{"name": "w", "uid": UNKNOWN}]}
    checked = engine.check(wanted)
    assert "edits" not in checked
    assert engine.create(checked, preview=True) == ("", {})
    assert engine.log.messages == []
