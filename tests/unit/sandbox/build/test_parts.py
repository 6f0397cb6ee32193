"""What is built, when it is built again, and what a missing tool says."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from meshroll.errors import BadInputError, UnavailableError
from meshroll.sandbox.build import gotool
from meshroll.sandbox.build import parts
from meshroll.sandbox.build.parts import BUILDS, Build
from meshroll.sandbox.build.gotool import Go


def fake_go(folder: Path, script: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "go").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "go").chmod(0o755)


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Build:
    folder = tmp_path / "modules" / "one"
    folder.mkdir(parents=True)
    (folder / "go.mod").write_text("module one\n\ngo 1.26.1\n")
    (folder / "go.sum").write_text("")
    (folder / "main.go").write_text("package main\n")
    monkeypatch.setattr(build, "MODULES", tmp_path / "modules")
    return Build("one", "one", ".", ("first", "second"))


def test_programs_have_names_of_their_own() -> None:
    names = [name for item in BUILDS for name in item.names]
    assert len(names) == len(set(names))


def test_every_module_of_the_table_pins_its_dependencies() -> None:
    for item in BUILDS:
        assert (parts.MODULES / item.module / "go.sum").stat().st_size > 0


@pytest.mark.parametrize("file", ["go.mod", "go.sum", "main.go"])
def test_a_changed_file_is_another_build(module: Build, file: str) -> None:
    before = module.key("linux/x86_64")
    (parts.MODULES / "one" / file).write_text("changed\n")
    assert module.key("linux/x86_64") != before


def test_flags_and_platform_make_another_build_and_tests_do_not(module: Build) -> None:
    key = module.key("linux/x86_64")
    (parts.MODULES / "one" / "main_test.go").write_text("package main\n")
    assert module.key("linux/x86_64") == key
    assert module.key("linux/aarch64") != key
    assert replace(module, variables=("-X a=b",)).key("linux/x86_64") != key


def test_a_missing_go_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BadInputError) as caught:
        Go.find("1.26.1")
    assert str(caught.value) == "sandbox: the Go tool `go` is not on PATH; expected Go 1.26.1 or newer"


def test_a_go_that_is_too_old_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fake_go(tmp_path / "bin", "echo go1.25.9")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(BadInputError) as caught:
        Go.find("1.26.1")
    assert str(caught.value) == f"sandbox: {tmp_path}/bin/go is Go 1.25.9; expected Go 1.26.1 or newer"


def test_a_go_that_is_new_enough_is_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fake_go(tmp_path / "bin", "echo go1.27rc1")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert Go.find("1.26.1").program == f"{tmp_path}/bin/go"


def test_a_build_appears_whole_with_all_its_names_and_is_not_repeated(
    module: Build, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # `go build … -o FILE .` is reduced to making the file.
    fake_go(
        tmp_path / "bin",
        'if [ "$1" = env ]; then echo go1.26.8; exit; fi\nwhile [ "$1" != -o ]; do shift; done; echo made >"$2"',
    )
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    cache, said = tmp_path / "cache", list[str]()
    cache.mkdir()
    parts.ensure([module], cache, said.append)
    folder = parts.folder(module, cache)
    assert {path.name: path.read_text() for path in folder.iterdir()} == dict.fromkeys(
        ("one", "first", "second"), "made\n"
    )
    assert said[0] == "building one (1 of 1) from source"

    shutil.rmtree(tmp_path / "bin")
    parts.ensure([module], cache, said.append)
    assert len(said) == 2


def test_a_failed_build_shows_the_end_of_its_output_and_leaves_nothing(
    module: Build, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fake_go(
        tmp_path / "bin", 'if [ "$1" = env ]; then echo go1.26.8; exit; fi\necho "main.go:1: no such thing"; exit 1'
    )
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    cache = tmp_path / "cache"
    cache.mkdir()
    with pytest.raises(UnavailableError) as caught:
        parts.ensure([module], cache, lambda _: None)
    assert str(caught.value) == "building one: `go build` failed; its output ends with:\nmain.go:1: no such thing"
    assert [path.name for path in cache.iterdir()] == [".one.lock"]


def test_the_newest_go_that_a_module_asks_for_is_needed(tmp_path: Path) -> None:
    for name, version in (("a", "1.26"), ("b", "1.26.10"), ("c", "1.26.9")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "go.mod").write_text(f"module {name}\n\ngo {version}\n")
    assert gotool.needed_go(tmp_path) == "1.26.10"
