"""Whole deliveries on the session's sandbox: a project folder, and the stacks that a module brings up once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from meshroll.demo.project import Project, prepare
from meshroll.sandbox import Sandbox
from tests.support.git.repositories import Repository


@pytest.fixture(scope="session")
def project(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project folder as the demo lays one out, with a cache of Git's own."""
    return laid_out(sandbox, tmp_path_factory.mktemp("delivery"))


def laid_out(sandbox: Sandbox, folder: Path) -> Project:
    """A project folder that works with one sandbox."""
    environment = {**os.environ, **sandbox.environment(), "XDG_CACHE_HOME": str(folder / "cache")}
    return prepare(folder / "project", environment)


@pytest.fixture(scope="session")
def rollouts(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """The sandbox's rollout repository, as other people see it."""
    return Repository(sandbox.home.repository, tmp_path_factory.mktemp("people"))
