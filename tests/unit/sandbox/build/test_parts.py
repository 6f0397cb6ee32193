"""What is built, when it is built again, and what a missing tool says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from meshroll.errors import BadInputError
from meshroll.sandbox.build import gotool
from meshroll.sandbox.build.gotool import Go
from meshroll.sandbox.build.parts import BUILDS, Build
from tests.support.sandbox.stand_in_go import BuildFolder


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BuildFolder:
    return BuildFolder.make(tmp_path, monkeypatch)


@pytest.fixture
def module(folder: BuildFolder) -> Build:
    return folder.module("one", programs=("first", "second"))


def test_programs_have_names_of_their_own() -> None:
    names = [name for item in BUILDS for name in item.names]
    assert len(names) == len(set(names))


def test_every_module_of_the_table_pins_its_dependencies() -> None:
    for item in BUILDS:
        assert (item.source / "go.sum").stat().st_size > 0


@pytest.mark.parametrize("file", ["go.mod", "go.sum", "main.go"])
def test_a_changed_file_is_another_build(module: Build, file: str) -> None:
    before = module.key("linux/x86_64")
    (module.source / file).write_text("changed\n")
    assert module.key("linux/x86_64") != before


def test_flags_and_platform_make_another_build_and_tests_do_not(module: Build) -> None:
    key = module.key("linux/x86_64")
    (module.source / "main_test.go").write_text("package main\n")
    assert module.key("linux/x86_64") == key
    assert module.key("linux/aarch64") != key
    assert replace(module, variables=("-X a=b",)).key("linux/x86_64") != key


def test_a_missing_go_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BadInputError) as caught:
        Go.find("1.26.1")
    assert str(caught.value) == "sandbox: the Go tool `go` is not on PATH; expected Go 1.26.1 or newer"


def test_a_go_that_is_too_old_is_one_sentence(folder: BuildFolder, tmp_path: Path) -> None:
    folder.go(version="go1.25.9")
    with pytest.raises(BadInputError) as caught:
        Go.find("1.26.1")
    assert str(caught.value) == f"sandbox: {tmp_path}/bin/go is Go 1.25.9; expected Go 1.26.1 or newer"


def test_a_go_that_is_new_enough_is_taken(folder: BuildFolder, tmp_path: Path) -> None:
    folder.go(version="go1.27rc1")
    assert Go.find("1.26.1").program == f"{tmp_path}/bin/go"


def test_the_newest_go_that_a_module_asks_for_is_needed(tmp_path: Path) -> None:
    for name, version in (("a", "1.26"), ("b", "1.26.10"), ("c", "1.26.9")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "go.mod").write_text(f"module {name}\n\ngo {version}\n")
    assert gotool.needed_go(tmp_path) == "1.26.10"
