"""Folders of ours: made closed, and refused where somebody else could change what is in them or where they lead."""

from __future__ import annotations

import errno
import grp
import os
import pwd
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from meshroll import folders
from meshroll.errors import BadInputError
from meshroll.folders import check, private

ELSEWHERE = "X set to a folder of your own"
STRANGER = 54_321
GiveAway = Callable[[Path], tuple[str, str]]


def name(number: int) -> str:
    try:
        return f"user {number} ({pwd.getpwuid(number).pw_name})"
    except KeyError:
        return f"user {number}"


@pytest.fixture
def give_away(monkeypatch: pytest.MonkeyPatch) -> GiveAway:
    """Makes a folder another user's: its owner and this process's user, as errors name them."""

    def do(path: Path) -> tuple[str, str]:
        if os.geteuid() == 0:
            os.chown(path, STRANGER, -1, follow_symlinks=False)
            return name(STRANGER), name(0)
        owner = name(os.geteuid())
        monkeypatch.setattr(os, "geteuid", lambda: STRANGER)
        return owner, name(STRANGER)

    return do


def refused(folder: Path) -> str:
    with pytest.raises(BadInputError) as caught:
        private(folder, ELSEWHERE)
    with pytest.raises(BadInputError) as checked:
        check(folder, ELSEWHERE)
    assert str(checked.value) == str(caught.value)
    return str(caught.value)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_what_is_missing_is_made_for_the_user_alone(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    assert check(folder, ELSEWHERE) == folder
    assert not (tmp_path / "a").exists()
    assert private(folder, ELSEWHERE) == folder
    assert (mode(folder), mode(folder.parent)) == (0o700, 0o700)


def test_what_others_could_read_is_closed(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a").chmod(0o755)
    private(tmp_path / "a", ELSEWHERE)
    assert mode(tmp_path / "a") == 0o700


@pytest.mark.parametrize("of", ["a", "a/b"])
def test_a_folder_of_another_user_is_refused(tmp_path: Path, give_away: GiveAway, of: str) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    owner, user = give_away(tmp_path / of)
    place = tmp_path / of
    if user == name(STRANGER):  # all that is ours is another's now, so the first of it is named
        place = Path(refused(tmp_path / "a" / "b").partition(":")[0])
    assert refused(tmp_path / "a" / "b") == (
        f"{place}: it belongs to {owner}, and this is run by {user}; expected {ELSEWHERE}, "
        f"or `chown -R {os.geteuid()} {place}` where you trust what it holds"
    )


@pytest.mark.parametrize(("of", "bits"), [("a", 0o777), ("a", 0o702), ("a/b", 0o777), ("a/b", 0o1777)])
def test_a_folder_that_others_may_write_in_is_refused(tmp_path: Path, of: str, bits: int) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / of).chmod(bits)
    assert refused(tmp_path / "a" / "b") == (
        f"{tmp_path / of}: others may write in it (mode {bits:04o}); expected {ELSEWHERE}, "
        f"or `chmod go-w {tmp_path / of}` where you trust what it holds"
    )


def test_in_a_sticky_folder_others_cannot_touch_what_is_ours(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a").chmod(0o1777)
    assert private(tmp_path / "a" / "b", ELSEWHERE) == tmp_path / "a" / "b"


@pytest.mark.parametrize(("members", "group"), [(["ann"], "ann"), ([], "staff"), (["ann", "bob"], "ann")])
def test_a_group_may_write_where_nobody_else_is_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, members: list[str], group: str
) -> None:
    ann = pwd.struct_passwd(("ann", "x", os.geteuid(), os.getegid(), "", "/home/ann", "/bin/sh"))
    monkeypatch.setattr(pwd, "getpwuid", lambda _: ann)
    monkeypatch.setattr(grp, "getgrgid", lambda number: grp.struct_group((group, "x", number, members)))
    (tmp_path / "a").mkdir()
    (tmp_path / "a").chmod(0o770)
    if (group, members) == ("ann", ["ann"]):
        assert private(tmp_path / "a", ELSEWHERE) == tmp_path / "a"
    else:
        assert refused(tmp_path / "a").startswith(f"{tmp_path / 'a'}: others may write in it (mode 0770)")


def test_a_link_is_followed_once_and_what_it_leads_to_is_checked(tmp_path: Path) -> None:
    (tmp_path / "there" / "open").mkdir(parents=True)
    (tmp_path / "link").symlink_to("there")
    (tmp_path / "absolute").symlink_to(tmp_path / "there" / "open")
    assert private(tmp_path / "link" / "a", ELSEWHERE) == tmp_path / "there" / "a"
    assert private(tmp_path / "link" / ".." / "absolute", ELSEWHERE) == tmp_path / "there" / "open"
    (tmp_path / "there" / "open").chmod(0o777)
    assert refused(tmp_path / "absolute" / "a").startswith(f"{tmp_path / 'there' / 'open'}: others may write in it")


def test_where_the_kernel_does_not_know_every_user_an_unknown_one_passes_above_a_folder_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    if os.geteuid() == 0:
        os.chown(tmp_path / "a", STRANGER, -1)
    unknown = (tmp_path / "a").stat().st_uid
    (tmp_path / "users").write_text("      1000       1000          1\n")
    (tmp_path / "unknown").write_text(f"{unknown}\n")
    monkeypatch.setattr(folders, "_USERS", tmp_path / "users")
    monkeypatch.setattr(folders, "_UNKNOWN_USER", tmp_path / "unknown")
    assert private(tmp_path / "a" / "b", ELSEWHERE) == tmp_path / "a" / "b"
    if os.geteuid() == 0:
        assert refused(tmp_path / "a").startswith(f"{tmp_path / 'a'}: it belongs to {name(STRANGER)}")


def test_links_that_lead_to_one_another_end(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(OSError, match="symbolic links") as caught:
        private(tmp_path / "a", ELSEWHERE)
    assert caught.value.errno == errno.ELOOP


def test_a_file_is_not_a_folder(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    with pytest.raises(NotADirectoryError):
        private(tmp_path / "a" / "b", ELSEWHERE)
