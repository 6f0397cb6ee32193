"""Making an undo so, and what its commit says."""

from __future__ import annotations

from meshroll.gitops import Applied, apply_plan
from meshroll.gitops.rollback import Rollback
from tests.git.repositories import Repository


def undo(repository: Repository, rollback: Rollback) -> Applied:
    return apply_plan(repository.remote, rollback.plan, stack="prod", undo=rollback.undo, cache=repository.cache)


def trailers(repository: Repository) -> list[str]:
    return repository.git("log", "-1", "--format=%(trailers:only,unfold)", "main").strip().splitlines()
