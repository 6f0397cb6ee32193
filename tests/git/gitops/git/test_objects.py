"""Objects of the cache, read through GitPython and the one process of Git that it keeps."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from meshroll.errors import BadInputError, TimedOutError
from meshroll.gitops.git import FileAuthor, Transport, blob_of, change_of
from meshroll.gitops.git import process as module
from meshroll.gitops.git.cache import open_cache
from meshroll.gitops.git.loose import object_id, write_object
from meshroll.gitops.git.process import BrokenCacheError, Git
from tests.support.checkout import CHECKOUT
from tests.support.git.repositories import PERSON, Repository, git
from tests.support.processes import runs

READ = """
import os, sys
from pathlib import Path
before = dict(os.environ)
from meshroll.gitops.git import Remote, Transport, open_cache, tree_of
with open_cache(Remote(sys.argv[1], "main"), Path(sys.argv[2])) as git:
    head = Transport(git, Remote(sys.argv[1], "main")).fetch()
    print(tree_of(git, head), git.commit(head).author.name)
print("same environment" if dict(os.environ) == before else "another environment")
"""


def readers() -> list[int]:
    """The processes of `git cat-file` below this one."""
    return [child.pid for child in psutil.Process().children(recursive=True) if "cat-file" in child.cmdline()]


def fetched(repository: Repository, cache: Git) -> str:
    return Transport(cache, repository.remote).fetch()


def test_one_process_reads_them_all_and_ends_with_the_cache(repository: Repository) -> None:
    first = repository.commit(write={"a.yaml": "a", "b/c.yaml": "c"})
    with open_cache(repository.remote, repository.cache) as cache:
        head = fetched(repository, cache)
        kind, content = cache.objects([head])[head]
        assert (head, kind, content) == (first, "commit", repository.git("cat-file", "commit", first).encode())
        (reader,) = readers()
        assert cache.objects([blob_of(b"a"), blob_of(b"c")]) == {
            blob_of(b"a"): ("blob", b"a"),
            blob_of(b"c"): ("blob", b"c"),
        }
        assert cache.commit(head).tree.hexsha == repository.git("rev-parse", "main^{tree}").strip()
        assert readers() == [reader]
    assert not runs(reader)


def test_the_process_ends_with_an_error_too(repository: Repository) -> None:
    repository.commit(write={"a.yaml": "a"})

    def fail() -> None:
        with open_cache(repository.remote, repository.cache) as cache:
            cache.objects([fetched(repository, cache)])
            raise BadInputError("something else")

    with pytest.raises(BadInputError, match=r"^something else$"):
        fail()
    assert readers() == []


@pytest.mark.parametrize("folder", ["cache", "$HOME", "~", "%APPDATA%"])
def test_nothing_stays_open_and_no_variable_of_gitpython_counts(
    repository: Repository, tmp_path: Path, folder: str
) -> None:
    repository.commit(write={"a.yaml": "a"})
    program = tmp_path / "git-of-another-tool"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    program.chmod(0o755)
    theirs = {"GIT_PYTHON_GIT_EXECUTABLE": str(program), "GIT_PYTHON_REFRESH": "warn", "GIT_PYTHON_TRACE": "full"}
    cache = repository.work / folder
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", READ, repository.remote.url, str(cache)],
        cwd=CHECKOUT,
        env={**os.environ, **theirs},
        capture_output=True,
        text=True,
        check=False,
    )
    tree = repository.git("rev-parse", "main^{tree}").strip()
    assert (done.stdout, done.stderr) == (f"{tree} {PERSON['NAME']}\nsame environment\n", "")
    assert not (tmp_path / "ran").exists()
    assert len(list(cache.glob("*.git"))) == 1


def test_gitpython_starts_no_other_command(repository: Repository) -> None:
    repository.commit(write={"a.yaml": "a"})
    with open_cache(repository.remote, repository.cache) as cache:
        commit = cache.commit(fetched(repository, cache))
        with pytest.raises(RuntimeError, match=r"^GitPython may not run git diff-tree$"):
            _ = commit.stats
        with pytest.raises(RuntimeError, match=r"^GitPython may not run git interpret-trailers$"):
            _ = commit.trailers_list


@pytest.mark.parametrize("skipped", [10, 1 << 20], ids=["not unpacked", "read past"])
def test_what_is_too_long_is_left_out_and_the_others_are_read(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, skipped: int
) -> None:
    from meshroll.gitops.git import objects

    monkeypatch.setattr(objects, "SKIPPED_BYTES", skipped)
    monkeypatch.setattr(objects, "PIPELINED", 2)
    contents = [b"short", b"long " * 1000, b"", b"long too " * 1000, b"last"]
    repository.commit(write={f"{number}.yaml": content for number, content in enumerate(contents)})
    with open_cache(repository.remote, repository.cache) as cache:
        fetched(repository, cache)
        read, sizes = cache.contents(map(blob_of, contents), lambda size: size <= 5)
    assert read == {blob_of(content): content for content in (b"short", b"", b"last")}
    assert sizes == {blob_of(contents[1]): 5000, blob_of(contents[3]): 9000}


def test_a_reading_that_is_broken_off_leaves_no_answers_behind(repository: Repository) -> None:
    contents = [b"one", b"two", b"three"]
    repository.commit(write={f"{number}.yaml": content for number, content in enumerate(contents)})

    def refuse(_size: int) -> bool:
        raise BadInputError("too much")

    with open_cache(repository.remote, repository.cache) as cache:
        fetched(repository, cache)
        with pytest.raises(BadInputError, match=r"^too much$"):
            cache.contents(map(blob_of, contents), refuse)
        assert cache.objects([blob_of(b"three")]) == {blob_of(b"three"): ("blob", b"three")}


def test_a_reader_that_was_killed_is_an_error_and_the_next_one_reads(repository: Repository) -> None:
    repository.commit(write={"a.yaml": "a"})
    with open_cache(repository.remote, repository.cache) as cache:
        head = fetched(repository, cache)
        cache.objects([head])
        (reader,) = map(psutil.Process, readers())
        reader.kill()
        while reader.status() != psutil.STATUS_ZOMBIE:
            time.sleep(0.001)
        with pytest.raises(BrokenCacheError, match="git cat-file failed: no message"):
            cache.objects([head])
        assert cache.objects([head])[head][0] == "commit"


def test_a_reader_that_hangs_is_killed_with_its_children(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = tmp_path / "git"
    fake.write_text(f"#!/bin/sh\nsleep 60 &\necho $! >{tmp_path}/child\nwait\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(module, "LOCAL_SECONDS", 0.5)
    with pytest.raises(TimedOutError) as caught:
        Git(tmp_path).objects(["0" * 40])
    assert str(caught.value) == "git cat-file did not finish within 0 s"
    child = int((tmp_path / "child").read_text())
    deadline = time.monotonic() + 5
    while runs(child):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_commit_that_the_cache_lacks_is_fetched(repository: Repository) -> None:
    first = repository.commit("first", write={"a.yaml": "a"})
    repository.commit("second", write={"a.yaml": "b"})
    with open_cache(repository.remote, repository.cache) as cache:
        fetched(repository, cache)
        assert not cache.has_commit(first)
        assert change_of(cache, first) == FileAuthor(first, PERSON["NAME"], "first")
        assert cache.has_commit(first)


def test_a_subject_of_two_lines_is_one(repository: Repository) -> None:
    commit = repository.commit("one\ntwo\n\nand a body")
    with open_cache(repository.remote, repository.cache) as cache:
        fetched(repository, cache)
        assert change_of(cache, commit) == FileAuthor(commit, PERSON["NAME"], "one two")


@pytest.mark.parametrize(
    ("encoding", "author"), [("latin-1", "Adé"), ("nonsense", "Ad\\ufffd"), ("rot13", "Ad\\ufffd")]
)
def test_a_commit_may_name_any_encoding(repository: Repository, encoding: str, author: str) -> None:
    tree = repository.git("mktree").strip()
    person = b"Ad\xe9 <ada@localhost> 1700000000 +0000"
    text = b"tree %b\nauthor %b\ncommitter %b\nencoding %b\n\nhello\n" % (
        tree.encode(),
        person,
        person,
        encoding.encode(),
    )
    commit = repository.git("hash-object", "-t", "commit", "-w", "--stdin", stdin=text).strip()
    repository.git("update-ref", "refs/heads/main", commit)
    with open_cache(repository.remote, repository.cache) as cache:
        fetched(repository, cache)
        found = change_of(cache, commit)
    assert (found.author.replace("\ufffd", "\\ufffd"), found.subject) == (author, "hello")


def test_threads_read_the_same_cache_one_after_another(repository: Repository) -> None:
    head = repository.commit(write={f"{number}.yaml": str(number) for number in range(20)})
    wanted = {blob_of(str(number).encode()): ("blob", str(number).encode()) for number in range(20)}
    found: list[object] = []

    def read() -> None:
        with open_cache(repository.remote, repository.cache) as cache:
            found.append((fetched(repository, cache), cache.objects(wanted)))

    threads = [threading.Thread(target=read) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [(head, wanted)] * 6
    assert readers() == []


@pytest.mark.parametrize("there", ["nothing", "the same", "an empty file"])
def test_an_object_that_is_written_is_gits_own(tmp_path: Path, there: str) -> None:
    git("init", "--quiet", "--bare", str(tmp_path / "r.git"))
    objects = tmp_path / "r.git" / "objects"
    oid = object_id("blob", b"hello\n")
    if there == "the same":
        write_object(objects, "blob", b"hello\n")
    elif there == "an empty file":
        (objects / oid[:2]).mkdir()
        (objects / oid[:2] / oid[2:]).touch()
    write_object(objects, "blob", b"hello\n")
    assert git(f"--git-dir={tmp_path}/r.git", "hash-object", "--stdin", stdin=b"hello\n").strip() == oid
    assert git(f"--git-dir={tmp_path}/r.git", "cat-file", "blob", oid) == "hello\n"
    assert [path.name for path in objects.rglob("*") if path.is_file()] == [oid[2:]]
    git(f"--git-dir={tmp_path}/r.git", "fsck", "--strict")
