"""A fresh repository for each test, and no configuration of the person who runs them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.git.repositories import Repository


@pytest.fixture(autouse=True)
def nobodys_git(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for part in ("AUTHOR_NAME", "AUTHOR_EMAIL", "COMMITTER_NAME", "COMMITTER_EMAIL"):
        monkeypatch.delenv(f"GIT_{part}", raising=False)
    monkeypatch.delenv("EMAIL", raising=False)
    (tmp_path / "gitconfig").touch()
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg-cache"))


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository.make(tmp_path)
