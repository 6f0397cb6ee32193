"""What all components share: fixed type tokens, and the options of their children.

A token is part of every URN in a stack's state: renaming a class or a child's suffix replaces resources.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence

import pulumi

PACKAGE = "meshroll:index"


class Component(pulumi.ComponentResource):
    """A component `meshroll:index:<class name>`; its children are named after it."""

    def __init__(self, name: str, *, after: Sequence[pulumi.Resource] = ()) -> None:
        super().__init__(f"{PACKAGE}:{type(self).__name__}", name, None, pulumi.ResourceOptions(depends_on=list(after)))
        self._name = name
        self._after = tuple(after)

    def child_name(self, *suffixes: str) -> str:
        """The logical name of a child."""
        return "-".join((self._name, *suffixes))

    def child_options(
        self, provider: pulumi.ProviderResource, *, after: Sequence[pulumi.Resource] = ()
    ) -> pulumi.ResourceOptions:
        """A child's options: made after what the component waits for and after the siblings given, deleted before."""
        return pulumi.ResourceOptions(parent=self, provider=provider, depends_on=[*self._after, *after])


def secret_data(values: Mapping[str, str]) -> pulumi.Output[dict[str, str]]:
    """A Secret's `data`, encoded and marked secret. Not `stringData`: that is never read back, so drift would hide."""
    return pulumi.Output.secret({key: base64.b64encode(value.encode()).decode() for key, value in values.items()})
