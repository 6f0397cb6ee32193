"""Every listener is on loopback but those of the table, which is what the README says."""

from __future__ import annotations

from meshroll.sandbox import Sandbox
from meshroll.sandbox.supervision import listeners
from meshroll.sandbox.supervision.listeners import WILDCARD


def test_only_the_listed_listeners_are_open_beyond_loopback(sandbox: Sandbox) -> None:
    ports = sandbox.site.ports
    found = {}
    for part, pids in sandbox.processes().items():
        open_ports = {item.port for item in listeners.of_processes(pids) if not item.loopback}
        if open_ports:
            found[part] = open_ports
    expected = {}
    for part in sandbox.processes():
        words = WILDCARD.get(part) or WILDCARD.get(part.rpartition("/")[2], ())
        if words:
            expected[part] = {ports[f"{part} {word}"] for word in words}
    assert found == expected
