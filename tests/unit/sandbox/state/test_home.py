"""Paths of a sandbox, and names that cannot be."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from meshroll.errors import BadInputError
from meshroll.sandbox.state.home import Home, parts_cache, state_root


def test_state_and_cache_follow_the_folders_of_the_desktop_standard() -> None:
    assert state_root({"HOME": "/home/ann"}) == Path("/home/ann/.local/state/meshroll")
    assert state_root({"HOME": "/home/ann", "XDG_STATE_HOME": "/s"}) == Path("/s/meshroll")
    assert parts_cache({"HOME": "/home/ann"}) == Path("/home/ann/.cache/meshroll/parts")
    assert parts_cache({"HOME": "/home/ann", "XDG_CACHE_HOME": "/c"}) == Path("/c/meshroll/parts")


@pytest.mark.parametrize("name", ["", "A", "../x", "a/b", "-a", "a-", "a.b", "a" * 41, "a\n"])
def test_a_name_that_is_no_folder_or_label_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(BadInputError) as caught:
        Home.of(name, tmp_path)
    assert str(caught.value) == (
        f"--name: {name!r} cannot be a sandbox's name; expected at most 40 lower case letters, digits and inner hyphens"
    )


def test_a_folder_too_deep_for_sockets_is_refused() -> None:
    with pytest.raises(BadInputError, match="the path is too long to hold Unix sockets; expected at most 82 bytes"):
        Home.of("default", Path("/" + "d" * 90))


def test_the_folders_are_closed_to_other_users(tmp_path: Path) -> None:
    home = Home.of("default", tmp_path / "root")
    home.prepare()
    assert stat.S_IMODE(home.path.stat().st_mode) == 0o700
    assert home.pid_file("worker-1/kube-apiserver").parent.is_dir()
    assert home.log("worker-1/kube-apiserver") == home.path / "logs" / "worker-1.kube-apiserver.log"


def test_a_folder_that_others_could_change_is_not_filled(tmp_path: Path) -> None:
    home = Home.of("default", tmp_path / "root")
    home.root.mkdir()
    home.root.chmod(0o777)
    with pytest.raises(BadInputError, match=r"root: others may write in it \(mode 0777\); expected XDG_STATE_HOME"):
        home.prepare()
    assert list(home.root.iterdir()) == []
