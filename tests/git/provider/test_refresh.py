"""What a refresh sees: the versions in Git, whoever put them there."""

from __future__ import annotations

import grpc
import pytest

from tests.support.git.repositories import Repository
from tests.support.provider.clusters import FILE, inputs, up
from tests.support.provider.engine import Engine


def test_a_refresh_sees_the_version_that_someone_else_committed(engine: Engine, repository: Repository) -> None:
    old, outputs = up(engine, inputs(repository, provider="v1", consumer="v1"))
    assert engine.read(old, outputs) == (old, outputs)
    repository.commit(write={FILE: repository.read(FILE).replace("version: v1\n", "version: v9\n")})
    seen, now = engine.read(old, outputs)
    assert now == {"commit": repository.head(), "versions": {"provider": "v9", "consumer": "v1"}}
    assert [service["version"] for service in seen["services"]] == ["v9", "v1"]
    assert engine.diff(seen, old, now) == ["services[0].version"]


def test_a_refresh_sees_that_a_service_is_gone(engine: Engine, repository: Repository) -> None:
    old, outputs = up(engine, inputs(repository, provider="v1"))
    repository.commit(remove=(FILE,))
    seen, now = engine.read(old, outputs)
    assert now["versions"] == {}
    assert "version" not in seen["services"][0]


def test_a_refresh_of_an_unchanged_release_shows_nothing(engine: Engine, repository: Repository) -> None:
    old, outputs = up(engine, inputs(repository, provider="v1"))
    seen, now = engine.read(old, outputs)
    assert old["edits"]  # what the first run did is still among its inputs, and is no change
    assert engine.diff(seen, old, now) is None


def test_an_import_is_refused(engine: Engine) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        engine.read({}, {})
    assert caught.value.details() == ("a Release cannot be imported; expected `pulumi up`, which adopts what Git holds")
