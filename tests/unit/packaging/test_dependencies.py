"""What pyproject.toml asks for, what requirements.txt pins, and what the errors about extras name."""

from __future__ import annotations

import re
import tomllib

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from meshroll.extras import PULUMI, SANDBOX
from tests.support.checkout import CHECKOUT

PROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]


def names(requirements: list[str]) -> set[str]:
    """The packages of a list of requirements, without Meshroll itself."""
    return {str(canonicalize_name(Requirement(text).name)) for text in requirements} - {"meshroll"}


def pinned(file: str) -> dict[str, str]:
    """Package to version."""
    found = re.findall(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", (CHECKOUT / file).read_text(), re.MULTILINE)
    return {canonicalize_name(name): version for name, version in found}


EXTRAS = PROJECT["optional-dependencies"]
ALL = [*PROJECT["dependencies"], *EXTRAS["pulumi"], *EXTRAS["sandbox"]]


def test_the_requirements_pin_what_the_distribution_asks_for_and_nothing_else() -> None:
    assert pinned("requirements.txt").keys() == names(ALL)


def test_the_lock_holds_the_pinned_versions() -> None:
    lock = pinned("requirements.lock")
    wanted = pinned("requirements.txt") | pinned("requirements-dev.txt")
    assert {name: lock[name] for name in wanted} == wanted


def test_the_versions_of_the_lock_are_within_the_ranges_of_the_distribution() -> None:
    lock = pinned("requirements.lock")
    requirements = [each for each in map(Requirement, ALL) if each.name != "meshroll"]
    outside = [str(each) for each in requirements if not each.specifier.contains(lock[canonicalize_name(each.name)])]
    assert outside == []


def test_every_range_has_an_end() -> None:
    open_ended = [str(each) for each in map(Requirement, ALL) if each.name != "meshroll" and "<" not in str(each)]
    assert open_ended == []


def test_the_errors_about_extras_know_every_package_of_an_extra() -> None:
    brought = {"grpcio"}  # by pulumi, which the code beside it needs anyway
    assert set(PULUMI.values()) - brought == names(EXTRAS["pulumi"])
    assert set(SANDBOX.values()) == names(EXTRAS["sandbox"]) - names(EXTRAS["pulumi"])
