"""`make tag` tags a release with the version of the package, once all that names it agrees."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from meshroll import __version__
from tests.support.checkout import CHECKOUT
from tests.support.git.repositories import PERSON, git

DATED = f"# Changelog\n\n## {__version__} (2026-12-01)\n\n- Something.\n"


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A commit with what `make tag` looks at, ready to be released."""
    for role in ("AUTHOR", "COMMITTER"):
        for part, text in PERSON.items():
            monkeypatch.setenv(f"GIT_{role}_{part}", text)
    folder = tmp_path / "checkout"
    (folder / "meshroll").mkdir(parents=True)
    shutil.copy2(CHECKOUT / "Makefile", folder)
    shutil.copy2(CHECKOUT / "meshroll" / "__init__.py", folder / "meshroll")
    (folder / "CHANGELOG.md").write_text(DATED)
    monkeypatch.chdir(folder)
    git("init", "--quiet", "--initial-branch=main")
    commit()
    return folder


def commit() -> None:
    git("add", "--all")
    git("commit", "--quiet", "--message=as it is")


def tag() -> tuple[int, str]:
    """The exit code and the complaint."""
    done = subprocess.run(["make", "--no-print-directory", "tag"], capture_output=True, text=True, check=False)
    return done.returncode, done.stderr.splitlines()[0] if done.stderr else ""


@pytest.mark.usefixtures("checkout")
def test_a_release_is_tagged_with_the_version_of_the_package() -> None:
    assert tag() == (0, "")
    assert git("tag", "--points-at", "HEAD").split() == [f"v{__version__}"]
    assert git("cat-file", "-t", f"v{__version__}") == "tag\n"


def test_an_entry_without_a_date_is_not_released(checkout: Path) -> None:
    (checkout / "CHANGELOG.md").write_text(DATED.replace("2026-12-01", "unreleased"))
    commit()
    message = f"make: CHANGELOG.md: {__version__} has no date; expected the heading '## {__version__} (YYYY-MM-DD)'"
    assert tag() == (2, message)
    assert git("tag") == ""


def test_a_change_that_is_not_committed_is_not_released(checkout: Path) -> None:
    (checkout / "CHANGELOG.md").write_text(DATED + "- More.\n")
    assert tag() == (2, "make: there are changes that are not committed; expected none")
    assert git("tag") == ""
