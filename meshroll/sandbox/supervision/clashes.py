"""Ports and networks of parts that somebody else has taken."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from ipaddress import ip_address, ip_network

from meshroll.errors import BadInputError
from meshroll.sandbox.supervision import listeners
from meshroll.sandbox.supervision.listeners import Listener
from meshroll.sandbox.supervision.part import Part

_ANY = ("0.0.0.0", "::")  # noqa: S104 - compared, not bound


def refuse(parts: Sequence[Part], foreign: Collection[Listener]) -> None:
    """Raise BadInputError that names the first foreign listener where one of the parts is to listen."""
    for part in parts:
        for use, port in part.ports.items():
            if any(item.port == port and item.address in {part.host, *_ANY} for item in foreign):
                raise BadInputError(
                    f"port {port}, remembered for its {use}, is taken by {listeners.holder(port)}",
                    where=part.name,
                    expected="the port to be free, or `meshroll sandbox clean`, which chooses others",
                )
        for item in foreign:
            if part.network and ip_address(item.address) in ip_network(part.network):
                raise BadInputError(
                    f"{listeners.holder(item.port)} listens on {item.address}:{item.port}",
                    where=part.name,
                    expected=f"nobody else in {part.network}, or `meshroll sandbox clean`, which finds another",
                )
