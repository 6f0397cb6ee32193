"""Pulumi's state, as `pulumi stack export` prints it."""

from __future__ import annotations

from typing import Any

import pytest

from meshroll.release.state import releases_in

TYPE = "meshroll:index:Release"


def resource(name: str, kind: str = TYPE, **inputs: Any) -> dict[str, Any]:
    return {"urn": f"urn:pulumi:prod::x::{kind}::{name}", "type": kind, "inputs": inputs}


def test_the_releases_of_a_state_are_found_by_name() -> None:
    state = {"deployment": {"resources": [resource("shop-a", path="a"), resource("x", "pulumi:pulumi:Stack")]}}
    assert releases_in(state, TYPE) == {"shop-a": {"path": "a"}}


@pytest.mark.parametrize("state", [{}, {"deployment": None}, {"deployment": {"resources": None}}])
def test_a_state_without_resources_has_no_releases(state: dict[str, Any]) -> None:
    assert releases_in(state, TYPE) == {}
