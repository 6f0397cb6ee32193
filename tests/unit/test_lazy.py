"""Packages whose names are imported when they are first used."""

from __future__ import annotations

import ast
import importlib
import inspect
import subprocess
import sys
from collections.abc import Iterator

import pytest

from meshroll.lazy import names_of
from tests.support.checkout import CHECKOUT

PACKAGES = ("meshroll.gitops.history", "meshroll.gitops.planners", "meshroll.settings")


def seen_by_a_type_checker(package: str) -> Iterator[tuple[str, str]]:
    """The names that a package imports for a type checker alone, each with its module."""
    tree = ast.parse(inspect.getsource(importlib.import_module(package)))
    for block in tree.body:
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING":
            for line in block.body:
                assert isinstance(line, ast.ImportFrom)
                for name in line.names:
                    assert name.asname is None
                    yield name.name, str(line.module)


@pytest.mark.parametrize("package", PACKAGES)
def test_a_name_is_what_a_type_checker_takes_it_for(package: str) -> None:
    face, names = importlib.import_module(package), dict(seen_by_a_type_checker(package))
    assert names
    assert names.keys() <= set(face.__all__)
    for name, module in names.items():
        assert getattr(face, name) is getattr(importlib.import_module(module), name)


@pytest.mark.parametrize("package", PACKAGES)
def test_every_public_name_can_be_imported_first(package: str) -> None:
    program = f"import {package} as face; print(*(name for name in face.__all__ if getattr(face, name) is None))"
    done = subprocess.run([sys.executable, "-c", program], cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "\n", "")


def test_a_module_is_imported_with_the_first_of_its_names() -> None:
    program = """
import sys
from meshroll.lazy import names_of
find = names_of("json", {"JSONDecoder": "decoder"})
before = "json" in sys.modules
find("JSONDecoder")
print(before, "json.decoder" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    assert done.stdout == "False True\n"


def test_an_unknown_name_is_the_usual_error() -> None:
    with pytest.raises(AttributeError, match=r"^module 'meshroll\.settings' has no attribute 'nothing'$"):
        names_of("meshroll.settings", {"Stack": "model"})("nothing")
