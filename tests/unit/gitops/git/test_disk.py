"""Git's words for a disk that cannot be written, and whose disk they speak of."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from meshroll.errors import BadInputError, MeshrollError, UnavailableError
from meshroll.gitops.git.cache import cache_root
from meshroll.gitops.git.disk import is_disk_trouble, trouble_of, unusable

CACHE = Path("/c/1.git")
FULL = "No space left on device"
OTHER, ONE = "XDG_CACHE_HOME set to a folder", "a folder that can be written"


@pytest.mark.parametrize(
    ("said", "number"),
    [
        (f"fatal: write error: {FULL}\nfatal: index-pack failed\n", errno.ENOSPC),
        (f"error: could not lock config file /c/1.git/config: {FULL}\nfatal: could not set 'a' to 'b'", errno.ENOSPC),
        (f"/c/1.git/refs/heads: {FULL}\n", errno.ENOSPC),
        ("fatal: sha1 file '/c/1.git/objects/pack/tmp_idx_1' write error. Out of diskspace\n", errno.ENOSPC),
        ("error: cannot update ref 'r': couldn't write '/c/1.git/refs/meshroll/tip.lock'\n", errno.ENOSPC),
        ("error: unable to write file: Disk quota exceeded\n", errno.EDQUOT),
        ("fatal: Unable to create '/c/1.git/shallow.lock': Read-only file system\n", errno.EROFS),
        ("fatal: cannot open '/c/1.git/FETCH_HEAD': Permission denied\n", errno.EACCES),
        (
            "error: insufficient permission for adding an object to repository database /c/1.git/objects\n",
            errno.EACCES,
        ),
        ("fatal: cannot mkdir /c/1.git/x: Not a directory\n", errno.ENOTDIR),
        (f"remote: fatal: write error: {FULL}\n", None),
        ("Could not create directory '/root/.ssh' (Read-only file system).\n", None),
        ("git@h: Permission denied (publickey).\nfatal: Could not read from remote repository.\n", None),
        ("warning: unable to access '/root/.config/git/attributes': Permission denied\n", None),
        ("fatal: bad object 1\n", None),
        ("", None),
    ],
)
def test_what_git_says_of_the_disk_of_the_cache(said: str, number: int | None) -> None:
    assert trouble_of(said, CACHE) == number


def test_a_server_that_cannot_write_is_told_from_one_that_does_not_permit_it() -> None:
    assert is_disk_trouble(f"remote: fatal: write error: {FULL}")
    assert is_disk_trouble("fatal: Unable to create temporary file '/srv/r.git/shallow_1': Read-only file system")
    refused = "remote: error: insufficient permission for adding an object to repository database ./objects"
    assert not is_disk_trouble(refused)
    assert not is_disk_trouble("git@h: Permission denied (publickey).")


@pytest.mark.parametrize(
    ("number", "kind", "sentence"),
    [
        (
            errno.ENOSPC,
            UnavailableError,
            f"the cache cannot be written ({FULL}); expected free space there, or {OTHER} on another disk",
        ),
        (
            errno.EACCES,
            BadInputError,
            f"the cache cannot be written (Permission denied); expected {ONE}, or XDG_CACHE_HOME set to one",
        ),
        (errno.EIO, UnavailableError, "the cache cannot be used (Input/output error)"),
        (None, UnavailableError, "the cache cannot be used (unknown)"),
    ],
)
def test_each_trouble_says_whether_trying_again_helps_and_what_to_do(
    number: int | None, kind: type[MeshrollError], sentence: str
) -> None:
    error = unusable(Path("/c"), number)
    assert (type(error), str(error)) == (kind, f"/c: {sentence}")


def test_a_user_without_a_home_folder_is_told_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", homeless)
    with pytest.raises(BadInputError) as caught:
        cache_root({})
    assert str(caught.value) == "there is no home folder for the cache; expected XDG_CACHE_HOME set to a folder"
    assert cache_root({"XDG_CACHE_HOME": "/x"}) == Path("/x/meshroll/git")
