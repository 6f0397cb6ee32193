"""The disk of the cache is full, read-only or in the way: one sentence that says where and what to do."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from meshroll.cli import main
from meshroll.errors import BadInputError, MeshrollError, TimedOutError, UnavailableError
from meshroll.gitops.git import Remote
from meshroll.gitops.git import cache as module
from meshroll.gitops.git.cache import open_cache
from meshroll.gitops.planners import plan_rendered
from meshroll.gitops.plans import apply_plan
from tests.support.checkout import CHECKOUT
from tests.support.git.repositories import Repository, release

FULL = (
    "the cache cannot be written (No space left on device); "
    "expected free space there, or XDG_CACHE_HOME set to a folder on another disk"
)
WRITABLE = "expected a folder that can be written, or XDG_CACHE_HOME set to one"
Mount = Callable[..., Path]


@pytest.fixture
def mount(tmp_path: Path) -> Iterator[Mount]:
    """Mounts a small file system of its own; options as of `mount -o`."""
    mounted: list[Path] = []

    def mount_it(options: str) -> Path:
        folder = tmp_path / f"disk-{len(mounted)}"
        folder.mkdir()
        made = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"mode=0700,{options}", "tmpfs", str(folder)],
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode:
            pytest.skip(f"file systems cannot be mounted here: {made.stderr.strip()}")
        mounted.append(folder)
        return folder

    yield mount_it
    for folder in reversed(mounted):
        subprocess.run(["umount", str(folder)], check=True)


def deliver(remote: Remote, version: str, cache: Path) -> bool:
    plan = plan_rendered(remote, "live", release(provider=version), cache=cache)
    return apply_plan(remote, plan, stack="prod", cache=cache).made


def fill(folder: Path) -> Path:
    """A file that takes all that is left."""
    path = folder / "fill"
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return path


def test_a_full_disk_is_told_and_free_again_nothing_is_lost(repository: Repository, mount: Mount) -> None:
    repository.commit(write={"README": "x"})
    disk = mount("size=1m")
    deliver(repository.remote, "v1", disk / "warm")
    filler = fill(disk)
    for cache in (disk / "warm", disk / "cold"):
        before = repository.head()
        with pytest.raises(UnavailableError) as caught:
            deliver(repository.remote, "v2", cache)
        assert str(caught.value) == f"{cache}: {FULL}"
        assert repository.head() == before
    filler.unlink()
    assert deliver(repository.remote, "v2", disk / "warm")
    assert deliver(repository.remote, "v3", disk / "cold")


def test_a_server_that_gives_whole_commits_fills_a_disk_with_the_same_sentence(
    repository: Repository, mount: Mount
) -> None:
    repository.git("config", "uploadpack.allowFilter", "false")
    repository.commit(write={"big": os.urandom(400_000)})
    disk = mount("size=256k")
    with pytest.raises(UnavailableError) as caught:
        deliver(repository.remote, "v1", disk)
    assert str(caught.value) == f"{disk}: {FULL}"


BYTES = [f"size={size}k" for size in range(16, 72, 8)]
FILES = [f"size=4m,nr_inodes={count}" for count in range(2, 42, 5)]


@pytest.mark.parametrize("options", [*BYTES, *FILES])
def test_wherever_the_disk_ends_it_is_said_or_the_commit_is_made(
    repository: Repository, mount: Mount, options: str
) -> None:
    repository.commit(write={"README": "x"})
    disk = mount(options)
    before = repository.head()
    try:
        made = deliver(repository.remote, "v1", disk / "cache")
    except UnavailableError as error:
        assert str(error) == f"{disk / 'cache'}: {FULL}"  # noqa: PT017 - either way is right
        assert repository.head() == before
    else:
        assert made
        assert repository.log()[0] == "Release provider v1"


def test_a_read_only_disk_is_told(repository: Repository, mount: Mount) -> None:
    disk = mount("size=1m")
    deliver(repository.remote, "v1", disk / "warm")
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    for cache in (disk / "warm", disk / "cold"):
        with pytest.raises(BadInputError) as caught:
            deliver(repository.remote, "v2", cache)
        assert str(caught.value) == f"{cache}: the cache cannot be written (Read-only file system); {WRITABLE}"


def test_a_folder_that_only_its_repository_cannot_write_in_is_told(repository: Repository, mount: Mount) -> None:
    mount("size=4k")  # skips where nothing may be mounted
    deliver(repository.remote, "v1", repository.cache)
    (objects,) = repository.cache.glob("*.git/objects")
    subprocess.run(["mount", "--bind", str(objects), str(objects)], check=True)
    subprocess.run(["mount", "-o", "remount,bind,ro", str(objects)], check=True)
    try:
        with pytest.raises(BadInputError) as caught:
            deliver(repository.remote, "v2", repository.cache)
    finally:
        subprocess.run(["umount", str(objects)], check=True)
    assert str(caught.value) == f"{repository.cache}: the cache cannot be written (Read-only file system); {WRITABLE}"
    assert deliver(repository.remote, "v2", repository.cache)


@pytest.mark.parametrize("below", ["", "meshroll", "meshroll/git"])
def test_a_file_where_the_cache_needs_a_folder_is_named(repository: Repository, tmp_path: Path, below: str) -> None:
    blocked = tmp_path / "blocked"
    there = blocked / below
    there.parent.mkdir(parents=True, exist_ok=True)
    there.touch()
    with pytest.raises(BadInputError) as caught:
        deliver(repository.remote, "v1", blocked / "meshroll" / "git")
    assert str(caught.value) == f"{there}: the cache needs a folder here; {WRITABLE}"


def test_a_folder_where_the_cache_needs_its_lock_is_told(repository: Repository) -> None:
    deliver(repository.remote, "v1", repository.cache)
    (lock,) = repository.cache.glob("*.lock")
    lock.unlink()
    lock.mkdir()
    with pytest.raises(BadInputError) as caught:
        deliver(repository.remote, "v2", repository.cache)
    assert str(caught.value) == f"{repository.cache}: the cache cannot be written (Is a directory); {WRITABLE}"


def test_a_file_in_the_place_of_the_cache_of_one_repository_makes_way(repository: Repository) -> None:
    deliver(repository.remote, "v1", repository.cache)
    (directory,) = repository.cache.glob("*.git")
    directory.rename(repository.work / "moved")
    directory.touch()
    assert deliver(repository.remote, "v2", repository.cache)


def test_the_command_line_says_it_in_one_line(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    code = int(main(["history", "--repository", repository.remote.url]))
    output = capsys.readouterr()
    assert (code, output.out, output.err) == (
        2,
        "",
        f"meshroll: {tmp_path / 'file'}: the cache needs a folder here; {WRITABLE}\n",
    )


def test_a_servers_full_disk_is_the_servers(tmp_path: Path, mount: Mount) -> None:
    disk = mount("size=1m")
    repository = Repository.make(disk)
    before = repository.commit(write={"README": "x"})
    filler = fill(disk)
    with pytest.raises(UnavailableError) as caught:
        deliver(repository.remote, "v1", tmp_path / "cache")
    assert str(caught.value).startswith(f"repository {repository.remote.url}: the server cannot write (")
    assert str(caught.value).endswith("No space left on device)")
    filler.unlink()
    assert repository.head() == before
    assert deliver(repository.remote, "v1", tmp_path / "cache")


HOLDER = """
import sys
from pathlib import Path
from meshroll.gitops.git import Remote
from meshroll.gitops.git.cache import open_cache
with open_cache(Remote(sys.argv[1], "main"), Path(sys.argv[2])):
    print("held", flush=True)
    sys.stdin.readline()
"""


def test_a_cache_that_another_process_keeps_names_it_and_what_to_do(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOCK_SECONDS", 0.2)
    command = [sys.executable, "-c", HOLDER, repository.remote.url, str(repository.cache)]
    with subprocess.Popen(command, cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(TimedOutError) as caught:
            deliver(repository.remote, "v1", repository.cache)
        holder.communicate("\n")
    (lock,) = repository.cache.glob("*.lock")
    assert str(caught.value) == (
        f"repository {repository.remote.url}: process {holder.pid}, or a `git` that it started, has kept the cache "
        f"{lock} for 0 s; expected it to end: wait for it, or stop it; where it belongs to a `pulumi up` that is gone, "
        "`pulumi cancel` frees the stack"
    )
    assert deliver(repository.remote, "v1", repository.cache)


def test_what_goes_wrong_inside_is_not_taken_for_the_disk(repository: Repository) -> None:
    def fail() -> None:
        with open_cache(repository.remote, repository.cache):
            raise MeshrollError("something else")

    with pytest.raises(MeshrollError, match=r"^something else$"):
        fail()
