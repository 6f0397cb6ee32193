"""The distribution as a user gets it: built from a copy of the checkout, and installed away from it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, distribution, distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support.checkout import CHECKOUT

BUILT = "MESHROLL_DIST"  # a folder with what `make dist` has built


@dataclass(frozen=True)
class Built:
    """The two files that a release consists of."""

    sdist: Path
    wheel: Path


@dataclass(frozen=True)
class Installation:
    """A virtual environment with Meshroll and exactly what it asks for."""

    folder: Path

    def run(self, *command: str | Path, folder: Path, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run one of its commands in a folder, with nothing of the test's own Python environment."""
        name, *arguments = command
        inherited = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "VIRTUAL_ENV"))}
        return subprocess.run(
            [self.folder / "bin" / name, *arguments],
            cwd=folder,
            env=inherited | environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def distributions(self) -> set[str]:
        """The names of all that is installed."""
        return {canonicalize_name(found.name) for found in distributions(path=[str(self._packages)])}

    @property
    def _packages(self) -> Path:
        return next((self.folder / "lib").glob("python3*")) / "site-packages"


def tracked(below: str = "") -> list[str]:
    """The checkout's files that are in Git or could be; a link is one of them."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", below or "."]
    listed = subprocess.run(command, cwd=CHECKOUT, check=True, capture_output=True, text=True)
    return [name for name in listed.stdout.split("\0") if name and os.path.lexists(CHECKOUT / name)]


def build(folder: Path) -> Built:
    """What `make dist` has built, else the sdist of a copy of the checkout, and the wheel of that sdist."""
    made = Path(os.environ[BUILT]).absolute() if BUILT in os.environ else _build(folder)
    (sdist,), (wheel,) = made.glob("*.tar.gz"), made.glob("*.whl")
    return Built(sdist, wheel)


def _build(folder: Path) -> Path:
    source, made = folder / "source", folder / "dist"
    for name in tracked():
        target = source / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(CHECKOUT / name, target, follow_symlinks=False)
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(made), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return made


def install(wheel: Path, folder: Path, *extras: str) -> Installation:
    """Install the wheel and what it asks for, out of the packages that these tests run on: nothing is downloaded."""
    venv.create(folder, symlinks=True)
    made = Installation(folder)
    pip = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python")]
    subprocess.run([*pip, "install", "--quiet", "--no-index", "--no-deps", str(wheel)], check=True)
    (own,) = distributions(path=[str(made._packages)])
    for needed in _closure(own, frozenset(extras), set()):
        _link(needed, made._packages)
    return made


def _closure(of: Distribution, extras: frozenset[str], seen: set[tuple[str, frozenset[str]]]) -> Iterator[Distribution]:
    """All that a distribution asks for, and all that those ask for. Fails where a version is not within its range."""
    for requirement in _wanted(of.requires or (), extras):
        key = (canonicalize_name(requirement.name), frozenset(requirement.extras))
        if key in seen:
            continue
        seen.add(key)
        if key[0] == canonicalize_name(of.name):  # one extra asks for another
            yield from _closure(of, key[1], seen)
            continue
        found = distribution(requirement.name)
        assert requirement.specifier.contains(found.version), f"{of.name} asks for {requirement}, not {found.version}"
        yield found
        yield from _closure(found, key[1], seen)


def _wanted(texts: Iterable[str], extras: frozenset[str]) -> Iterator[Requirement]:
    for requirement in map(Requirement, texts):
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in extras or {""}):
            yield requirement


def _link(of: Distribution, packages: Path) -> None:
    for file in of.files or ():
        target, source = packages / file, Path(str(file.locate()))
        if ".." not in file.parts and source.is_file() and not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to(source)
