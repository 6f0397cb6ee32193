"""What is built at the same time and what after one another, what is said of it, and how it ends before its time."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from meshroll.errors import UnavailableError
from meshroll.sandbox.build import parts
from meshroll.sandbox.build.locks import try_lock
from meshroll.sandbox.build.parts import Build
from meshroll.sandbox.build.table import ModuleFile
from tests.support.checkout import CHECKOUT
from tests.support.engine import until, until_gone
from tests.support.sandbox.stand_in_go import MADE, BuildFolder

# A build that does not end, with a compiler below it; their process ids are in a file beside the module's.
ENDLESS = """
    sleep 1000 &
    echo $$ $! >"$PWD.new"; mv "$PWD.new" "$PWD.pids"
    wait
"""
COMMAND = """
import sys
from pathlib import Path
sys.path.insert(0, {root!r})
from meshroll.sandbox.build import parts, table
table.MODULES = Path({modules!r})
parts.ensure([table.Build("one", "one", "."), table.Build("two", "two", ".")], Path({cache!r}), print)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BuildFolder:
    return BuildFolder.make(tmp_path, monkeypatch)


def pids(build: Build) -> list[int]:
    """The process ids of an endless build, once it runs."""
    file = build.source.with_suffix(".pids")
    until(file.exists, f"the start of {build.name}")
    return [int(pid) for pid in file.read_text().split()]


def test_a_build_appears_whole_with_all_its_names_and_is_not_repeated(folder: BuildFolder) -> None:
    module = folder.module("one", programs=("first", "second"))
    folder.ensure(module)
    made = {path.name: path.read_text() for path in parts.folder(module, folder.cache).iterdir()}
    assert made == dict.fromkeys(("one", "first", "second"), "made\n")
    folder.go("exit 1")
    folder.ensure(module)


def test_what_a_program_reads_from_beside_itself_comes_out_of_its_module(folder: BuildFolder) -> None:
    files = (ModuleFile("example.org/one", "data/schema.json", "4.34.2"), ModuleFile("example.org/one", "main.go"))
    module = folder.module("one", files=files)
    (module.source / "data").mkdir()
    (module.source / "data" / "schema.json").write_text('{"name": "n", "version": ""}')
    folder.ensure(module)
    made = parts.folder(module, folder.cache)
    assert json.loads((made / "schema.json").read_text()) == {"name": "n", "version": "4.34.2"}
    assert (made / "main.go").read_text() == "package main\n"


def test_a_file_that_the_module_lacks_is_named(folder: BuildFolder) -> None:
    module = folder.module("one", files=(ModuleFile("example.org/one", "schema.json"),))
    with pytest.raises(UnavailableError) as caught:
        folder.ensure(module)
    assert str(caught.value) == "building one: module example.org/one holds no schema.json"
    assert folder.built() == []


def test_a_failed_build_shows_the_end_of_its_output_and_leaves_nothing(folder: BuildFolder) -> None:
    folder.go('echo "main.go:1: no such thing"; exit 1')
    with pytest.raises(UnavailableError) as caught:
        folder.ensure(folder.module("one"))
    assert str(caught.value) == "building one: `go build` failed; its output ends with:\nmain.go:1: no such thing"
    assert [path.name for path in folder.cache.iterdir()] == [".one.lock"]


def test_two_are_built_at_the_same_time_and_not_three(folder: BuildFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    # Each waits for another one to run beside it, and fails when there are three.
    folder.go(f"""
    touch "$PWD/runs"
    for _ in $(seq 500); do
      count=$(ls "$PWD"/../*/runs | wc -l)
      [ $count -gt 2 ] && {{ echo "$count at once"; exit 1; }}
      [ $count = 2 ] && touch "$PWD/../met"
      [ -e "$PWD/../met" ] && break
      sleep 0.02
    done
    [ -e "$PWD/../met" ] || {{ echo "alone"; exit 1; }}
    sleep 0.2
    rm "$PWD/runs"
    {MADE}""")
    folder.ensure(*(folder.module(name) for name in ("one", "two", "three", "four")))
    assert folder.built() == ["four", "one", "three", "two"]


def test_on_one_core_they_are_built_one_after_the_other(folder: BuildFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    folder.go(f'mkdir "$PWD/../alone" || exit 1; sleep 0.2; rmdir "$PWD/../alone"; {MADE}')
    folder.ensure(*(folder.module(name) for name in ("one", "two", "three")))
    assert folder.built() == ["one", "three", "two"]


def test_a_build_waits_for_the_one_that_compiles_what_it_needs(folder: BuildFolder) -> None:
    folder.go(f'[ "$name" = one ] || ls "$PWD"/../../cache/one-* || exit 1; sleep 0.2; {MADE}')
    folder.ensure(folder.module("two", cost=1000, after="one"), folder.module("one"))
    assert folder.built() == ["one", "two"]


def test_progress_says_what_is_done_and_what_is_to_do(folder: BuildFolder) -> None:
    folder.ensure(folder.module("two", cost=600, after="one"), folder.module("one", cost=900))
    times = re.compile(r"in \d+ s \(\d+ s of processor time\)|, about .* left")
    assert folder.said[0].startswith("building one from source: 0 of 2 parts built, about 1")
    assert [times.sub("", line) for line in folder.said] == [
        "building one from source: 0 of 2 parts built",
        "built one : 1 of 2 parts built",
        "building two from source: 1 of 2 parts built",
        "built two : 2 of 2 parts built",
    ]


def test_a_failure_ends_the_other_build_with_its_compilers(folder: BuildFolder) -> None:
    one, two = folder.module("one", cost=100), folder.module("two")
    wait = 'while ! [ -e "$PWD/../one.pids" ]; do sleep 0.02; done'
    folder.go(f'if [ "$name" = one ]; then {ENDLESS}fi; {wait}; exit 1')
    with pytest.raises(UnavailableError, match=r"^building two: `go build` failed"):
        folder.ensure(one, two)
    until_gone(pids(one))
    assert folder.built() == []


def test_a_part_that_another_process_builds_is_waited_for(folder: BuildFolder) -> None:
    one, two = folder.module("one"), folder.module("two", after="one")
    lock = try_lock(folder.cache / ".one.lock")
    assert lock is not None

    def say(line: str) -> None:
        folder.said.append(line)
        if line.startswith("waiting"):
            parts.folder(one, folder.cache).mkdir()
            lock.close()

    parts.ensure([one, two], folder.cache, say)
    assert folder.said[0] == "waiting for another process that builds one"
    assert folder.said[-1].endswith(": 1 of 1 parts built")
    assert list(parts.folder(one, folder.cache).iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_all_that_compiles_and_the_next_run_goes_on(folder: BuildFolder, number: signal.Signals) -> None:
    one, two = folder.module("one"), folder.module("two")
    folder.go(f'if [ "$name" = two ]; then {ENDLESS}fi; {MADE}')
    code = COMMAND.format(root=str(CHECKOUT), modules=str(folder.modules), cache=str(folder.cache))
    quiet = subprocess.DEVNULL
    with subprocess.Popen([sys.executable, "-c", code], stdout=quiet, stderr=quiet) as command:
        compiling = pids(two)
        until(parts.folder(one, folder.cache).exists, "the first part")
        command.send_signal(number)
        assert command.wait(30) == -number
    until_gone(compiling)
    assert folder.built() == ["one"]

    folder.go(f'[ "$name" = two ] || exit 1; {MADE}')
    folder.ensure(one, two)
    assert folder.built() == ["one", "two"]


def test_what_compiles_ends_with_a_process_that_was_killed(folder: BuildFolder) -> None:
    one, _ = folder.module("one"), folder.module("two")
    folder.go(ENDLESS)
    code = COMMAND.format(root=str(CHECKOUT), modules=str(folder.modules), cache=str(folder.cache))
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.DEVNULL) as command:
        compiling = pids(one)
        command.kill()
    until_gone(compiling)


def test_what_a_killed_build_left_goes_with_the_next_one(folder: BuildFolder) -> None:
    (folder.cache / ".one-abcd").mkdir()
    folder.ensure(folder.module("one"))
    assert folder.built() == ["one"]
