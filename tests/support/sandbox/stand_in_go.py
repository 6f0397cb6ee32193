"""A stand-in for the Go tool: a shell script in which `go build` does what a test says, and modules for it to build."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import pytest

from meshroll.sandbox.build import parts, table
from meshroll.sandbox.build.parts import Build

MADE = 'echo made >"$output"'
SCRIPT = """\
#!/bin/sh
case $1 in
  env) echo {version} ;;
  mod) printf '{{"Dir": "%s"}}' "$PWD" ;;
  build)
    name=$(basename "$PWD")
    while [ "$1" != -o ]; do shift; done
    output=$2
    {build}
    ;;
esac
"""


@dataclass
class BuildFolder:
    """A folder with the stand-in, which is the only program of its name on PATH, with modules and a part cache."""

    path: Path
    said: list[str] = field(default_factory=list)

    @classmethod
    def make(cls, path: Path, monkeypatch: pytest.MonkeyPatch) -> Self:
        made = cls(path)
        for folder in (made.modules, made.cache, path / "bin"):
            folder.mkdir()
        monkeypatch.setenv("PATH", f"{path / 'bin'}{os.pathsep}{os.environ['PATH']}")
        monkeypatch.setattr(table, "MODULES", made.modules)
        made.go()
        return made

    @property
    def modules(self) -> Path:
        return self.path / "modules"

    @property
    def cache(self) -> Path:
        return self.path / "cache"

    def go(self, build: str = MADE, *, version: str = "go1.26.8") -> None:
        """Lay the stand-in. In `build`, $name is the module's folder and $output the program to make."""
        program = self.path / "bin" / "go"
        program.write_text(SCRIPT.format(build=build, version=version))
        program.chmod(0o755)

    def module(self, name: str, **fields: Any) -> Build:
        """A build of a module of its own."""
        folder = self.modules / name
        folder.mkdir()
        (folder / "go.mod").write_text(f"module {name}\n\ngo 1.26.1\n")
        (folder / "go.sum").write_text("")
        (folder / "main.go").write_text("package main\n")
        return Build(name, name, ".", **fields)

    def ensure(self, *builds: Build) -> None:
        """Build these; what is said of it is kept."""
        parts.ensure(builds, self.cache, self.said.append)

    def built(self) -> list[str]:
        """The parts that are there, by name, and what a build left over."""
        return sorted(path.name.rpartition("-")[0] for path in self.cache.iterdir() if path.suffix != ".lock")
