"""What others put into the cache, or restore over it, is never used: it is made anew, and the release goes on."""

from __future__ import annotations

import os
import shutil
import stat
import zlib
from pathlib import Path

import pytest

from meshroll.cli import main
from meshroll.errors import BadInputError
from meshroll.gitops.git import blob_of
from meshroll.gitops.planners import plan_rendered
from meshroll.gitops.plans import apply_plan
from tests.support.git.repositories import Repository, release, rollout

EXTERNAL = '[url "ext::sh -c touch% {ran}"]\n\tinsteadOf = file://\n[protocol "ext"]\n\tallow = always\n'
PLANTED = {
    "a program that signs": {"config": "[commit]\n\tgpgSign\n[gpg]\n\tprogram = {program}\n"},
    "a program for the other end": {
        "config": '[remote "meshroll-remote"]\n\tuploadpack = {program}\n\treceivepack = {program}\n'
    },
    "another address": {"config": EXTERNAL},
    "an included file": {"config": "[include]\n\tpath = more\n", "more": EXTERNAL},
    "a monitor": {"config": "[core]\n\tfsmonitor = {program}\n"},
    "the configuration of another folder": {"commondir": "common\n", "common/config": EXTERNAL},
    "hooks": {"hooks/reference-transaction": "#!/bin/sh\ntouch {ran}\n", "hooks/pre-push": "#!/bin/sh\ntouch {ran}\n"},
    "attributes": {"info/attributes": "* diff=evil\n", "config": '[diff "evil"]\n\ttextconv = {program}\n'},
    "grafts": {"info/grafts": "{head}\n"},
    "another store of objects": {"objects/info/alternates": "/nowhere\n"},
    "an old kind of remote": {"remotes/meshroll-remote": "URL: ext::sh -c touch% {ran}\n"},
}


def deliver(repository: Repository, **versions: str) -> None:
    planned = plan_rendered(repository.remote, "live", release(**versions), cache=repository.cache)
    apply_plan(repository.remote, planned, stack="sandbox", cache=repository.cache)


def only_cache(repository: Repository) -> Path:
    (found,) = repository.cache.glob("*.git")
    return found


def own_config(repository: Repository) -> str:
    return (only_cache(repository) / "config").read_text()


@pytest.mark.parametrize("what", PLANTED)
def test_no_program_runs_and_nothing_of_it_stays(repository: Repository, tmp_path: Path, what: str) -> None:
    deliver(repository, provider="v1")
    ran, program, fresh = tmp_path / "ran", tmp_path / "program", own_config(repository)
    program.write_text(f"#!/bin/sh\ntouch {ran}\n")
    program.chmod(0o755)
    for name, text in PLANTED[what].items():
        file = only_cache(repository) / name
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a") as opened:
            opened.write(text.format(ran=ran, program=program, head=repository.head()))
        file.chmod(0o755)
    deliver(repository, provider="v2")
    assert repository.log() == ["Release provider v1 -> v2", "Release provider v1"]
    assert not ran.exists()
    assert own_config(repository) == fresh
    assert [name for name in PLANTED[what] if name != "config" and (only_cache(repository) / name).exists()] == []


def test_a_file_whose_bytes_are_not_those_of_its_name_is_not_believed(repository: Repository) -> None:
    repository.commit(write={"live/provider/rollout.yaml": rollout("provider", "v1")})
    plan_rendered(repository.remote, "live", release(provider="v2"), cache=repository.cache)
    oid = blob_of(rollout("provider", "v1").encode())
    lie = rollout("provider", "v2").encode()
    for pack in only_cache(repository).glob("objects/pack/*"):
        pack.unlink()
    file = only_cache(repository) / "objects" / oid[:2] / oid[2:]
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(zlib.compress(b"blob %d\0" % len(lie) + lie))
    planned = plan_rendered(repository.remote, "live", release(provider="v2"), cache=repository.cache)
    assert "-        version: v1" in planned.diff


def test_a_cache_that_was_restored_is_not_used(repository: Repository) -> None:
    deliver(repository, provider="v1")
    restored = only_cache(repository)
    (restored / "mark").touch()
    deliver(repository, provider="v2")
    assert not (restored / "mark").exists()
    kept = restored.with_name("kept")
    shutil.copytree(restored, kept, copy_function=shutil.copy2)  # as a tar does: same bytes, modes and times
    before = {path.relative_to(kept): path.stat().st_mtime_ns for path in kept.rglob("*.pack")}
    shutil.rmtree(restored)
    kept.rename(restored)
    deliver(repository, provider="v3")
    after = {path.relative_to(restored): path.stat().st_mtime_ns for path in restored.rglob("*.pack")}
    assert before.items() & after.items() == set()


def test_a_cache_that_is_as_it_was_left_is_used(repository: Repository) -> None:
    def files() -> dict[Path, int]:
        return {path: path.stat().st_ctime_ns for path in only_cache(repository).glob("objects/*/*")}

    deliver(repository, provider="v1")
    before = files()
    deliver(repository, provider="v2")
    assert before.items() <= files().items()


def replaced_by_a_link(repository: Repository, suffix: str, target: Path) -> None:
    target.write_text("mine")
    link = only_cache(repository).with_suffix(suffix)
    link.unlink(missing_ok=True)
    link.symlink_to(target)


@pytest.mark.parametrize("suffix", [".filter", ".seal"])
def test_a_link_beside_the_cache_is_replaced(repository: Repository, tmp_path: Path, suffix: str) -> None:
    deliver(repository, provider="v1")
    replaced_by_a_link(repository, suffix, tmp_path / "mine")
    for name in ("tree", "blob:none"):  # what the server refuses is remembered there
        repository.git("config", f"uploadpackfilter.{name}.allow", "false")
    repository.commit(write={"README": "x"})
    deliver(repository, provider="v2")
    assert repository.log()[0] == "Release provider v1 -> v2"
    assert (tmp_path / "mine").read_text() == "mine"


def test_a_link_in_place_of_the_lock_is_refused(repository: Repository, tmp_path: Path) -> None:
    deliver(repository, provider="v1")
    replaced_by_a_link(repository, ".lock", tmp_path / "mine")
    with pytest.raises(BadInputError, match=r"the cache cannot be written \(Too many levels of symbolic links\)"):
        deliver(repository, provider="v2")
    assert (tmp_path / "mine").read_text() == "mine"


def test_a_pipe_beside_the_cache_is_not_waited_for(repository: Repository) -> None:
    deliver(repository, provider="v1")
    for suffix in (".filter", ".seal"):
        place = only_cache(repository).with_suffix(suffix)
        place.unlink(missing_ok=True)
        os.mkfifo(place)
    deliver(repository, provider="v2")
    assert repository.log() == ["Release provider v1 -> v2", "Release provider v1"]


def test_a_cache_folder_that_others_can_write_in_is_refused_with_the_remedy(
    repository: Repository, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.commit(write={"README": "x"})
    folder = tmp_path / "xdg-cache" / "meshroll" / "git"
    folder.mkdir(parents=True)
    folder.chmod(0o777)
    code = int(main(["history", "--repository", repository.remote.url]))
    assert code == 2
    assert capsys.readouterr().err == (
        f"meshroll: {folder}: others may write in it (mode 0777); expected XDG_CACHE_HOME set to a folder of your own, "
        f"or `chmod go-w {folder}` where you trust what it holds\n"
    )
    assert stat.S_IMODE(folder.stat().st_mode) == 0o777
    assert list(folder.iterdir()) == []
