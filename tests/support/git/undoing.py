"""Making an undo so, and what its commit says."""

from __future__ import annotations

from meshroll.gitops.history.rollback import Rollback
from meshroll.gitops.plans import Applied, apply_plan
from tests.support.git.repositories import Repository


def undo(repository: Repository, rollback: Rollback) -> Applied:
    return apply_plan(repository.remote, rollback.plan, stack="prod", undo=rollback.undo, cache=repository.cache)


def trailers(repository: Repository) -> list[str]:
    return repository.git("log", "-1", "--format=%(trailers:only,unfold)", "main").strip().splitlines()
