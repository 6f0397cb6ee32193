"""How often a run plans: `check` plans, what follows it uses that, and later calls ask Git again."""

from __future__ import annotations

from typing import Any

import pytest

from meshroll.release import planning
from tests.support.git.repositories import Repository
from tests.support.provider.clusters import FILE, inputs, up
from tests.support.provider.engine import Engine


@pytest.fixture
def plans(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths that were planned for."""
    made: list[str] = []
    real = planning.plan

    def counted(of: Any, *rest: Any) -> Any:
        made.append(of.path)
        return real(of, *rest)

    monkeypatch.setattr(planning, "plan", counted)
    return made


def test_a_preview_without_a_change_plans_once(engine: Engine, repository: Repository, plans: list[str]) -> None:
    old, outputs = up(engine, inputs(repository, provider="v1"))
    plans.clear()
    assert engine.diff(old, engine.check(inputs(repository, provider="v1"), old), outputs) is None
    assert plans == ["live/w"]


def test_a_preview_and_an_update_plan_once_each(engine: Engine, repository: Repository, plans: list[str]) -> None:
    old, outputs = up(engine, inputs(repository, provider="v1"))
    for preview in (True, False):
        plans.clear()
        checked = engine.check(inputs(repository, provider="v2"), old)
        assert engine.diff(old, checked, outputs) == ["services[0].version"]
        engine.update(checked, preview=preview)
        assert plans == ["live/w"]


def test_a_second_difference_is_what_git_holds_by_then(engine: Engine, repository: Repository) -> None:
    old, outputs = up(engine, inputs(repository, provider="v1"))
    checked = engine.check(inputs(repository, provider="v1"), old)
    assert engine.diff(old, checked, outputs) is None
    repository.commit(write={FILE: repository.read(FILE).replace("replicas: 1", "replicas: 7")})
    assert engine.diff(old, checked, outputs) == ["edits"]
