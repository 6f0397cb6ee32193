"""What decides a service's edits beside its version: a part of what is agreed on, so the plan's hash covers it.

A service has one `ServiceSettings`, and several where clusters differ. In a plan's document one is an object, and
several are a list.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True)
class ServiceSettings:
    """Where a service is looked for, and what finds or makes its values there; None where that does not apply."""

    path: str | None = None  # the folder or file below which the service is
    fields: tuple[str, ...] | None = None  # of an adopted repository; empty for those found without being named
    template: str | None = None  # of a rendered repository
    undo: tuple[str, ...] | None = None  # of a rollback: the commits that it undoes

    @property
    def agreed(self) -> ServiceSettings:
        """What is agreed on: the order in which fields are named does not matter."""
        return self if self.fields is None else replace(self, fields=tuple(sorted(self.fields)))

    @property
    def value(self) -> dict[str, Any]:
        """The object in a plan's document."""
        known = {key: value for key, value in vars(self).items() if value is not None}
        return {key: list(value) if isinstance(value, tuple) else value for key, value in known.items()}


Settings = Mapping[str, tuple[ServiceSettings, ...]]
"""The settings of each service, by its name."""


def settings_value(settings: Settings) -> dict[str, Any]:
    """The settings as plain values."""
    return {
        service: own[0].value if len(own) == 1 else [each.value for each in own] for service, own in settings.items()
    }


def read_settings(value: Mapping[str, Any]) -> Settings:
    """The settings in a document that fits the schema; what this version does not know is left out."""
    return {
        service: tuple(_read(item) for item in (own if isinstance(own, list) else [own]))
        for service, own in value.items()
    }


def merged(plans: Sequence[tuple[Settings, frozenset[str]]]) -> Settings:
    """The settings of several plans, each given with the services that it changes.

    A service changed by one of the plans keeps that plan's settings; changed by several, it has all that differ.
    """
    found: dict[str, tuple[ServiceSettings, ...]] = {}
    changed: set[str] = set()
    for settings, touched in plans:
        for service, own in settings.items():
            before = found.get(service)
            if before is not None and service in touched and service in changed and before != own:
                found[service] = (*before, *own)
            elif service in touched or before is None:
                found[service] = own
        changed |= touched
    return found


def _read(value: Mapping[str, Any]) -> ServiceSettings:
    return ServiceSettings(
        path=value.get("path"),
        fields=tuple(value["fields"]) if "fields" in value else None,
        template=value.get("template"),
        undo=tuple(value["undo"]) if "undo" in value else None,
    )
