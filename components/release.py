"""The release: the resource whose create and update commit the versions of a stack. Our own plug-in serves it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from meshroll.components._base import PACKAGE
from meshroll.release.properties import to_properties
from meshroll.release.stack import from_stack
from meshroll.settings.model import Stack


def release_inputs(stack: Stack, clusters: Sequence[str]) -> dict[str, Any]:
    """The inputs of the Release that serves some of the work clusters; their services are in one folder of Git."""
    values = to_properties(from_stack(stack, clusters))
    if "credentials" in values["repository"]:
        secret = pulumi.Output.secret(values["repository"]["credentials"])
        values["repository"] = {**values["repository"], "credentials": secret}
    return values


class Release(pulumi.CustomResource):
    """One commit for all changed services of its clusters. Destroying it leaves Git alone."""

    commit: pulumi.Output[str]
    versions: pulumi.Output[Mapping[str, str]]

    def __init__(self, name: str, inputs: Mapping[str, Any], *, after: Sequence[pulumi.Resource] = ()) -> None:
        outputs = {"commit": None, "versions": None}  # asks the engine for them
        super().__init__(
            f"{PACKAGE}:Release", name, {**inputs, **outputs}, pulumi.ResourceOptions(depends_on=list(after))
        )
