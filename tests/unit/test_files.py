"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from meshroll.files import replace


@pytest.fixture(autouse=True)
def usual_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_what_is_there_is_replaced_and_the_mode_is_as_asked_for(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("before, and longer")
    replace(tmp_path / "a", "after")
    replace(tmp_path / "b", "private", 0o600)
    assert ((tmp_path / "a").read_text(), mode(tmp_path / "a"), mode(tmp_path / "b")) == ("after", 0o644, 0o600)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


def test_a_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "a").symlink_to("mine")
    replace(tmp_path / "a", "after")
    assert (tmp_path / "mine").read_text() == "mine"
    assert not (tmp_path / "a").is_symlink()


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_what_is_not_a_plain_file_stays_as_it_is(tmp_path: Path, make) -> None:
    make(tmp_path / "a")
    before = (tmp_path / "a").lstat()
    with pytest.raises(FileExistsError, match="it is not a plain file"):
        replace(tmp_path / "a", "after")
    assert (tmp_path / "a").lstat() == before


def test_a_link_among_the_devices_stays_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    devices = tmp_path / "dev"
    devices.mkdir()
    (tmp_path / "log").write_text("log")
    (devices / "stdout").symlink_to(tmp_path / "log")
    (tmp_path / "other").symlink_to(devices)
    monkeypatch.setattr("meshroll.files.DEVICES", devices)
    for path in (devices / "stdout", tmp_path / "other" / "stdout"):
        with pytest.raises(FileExistsError, match="it is not a plain file"):
            replace(path, "after")
    assert [path.name for path in devices.iterdir()] == ["stdout"]
    assert ((devices / "stdout").readlink(), (tmp_path / "log").read_text()) == (tmp_path / "log", "log")


def test_text_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(UnicodeEncodeError):
        replace(tmp_path / "a", "\ud800")
    assert list(tmp_path.iterdir()) == []
