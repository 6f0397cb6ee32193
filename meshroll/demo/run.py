"""The main job from end to end: the sandbox, two stacks, two real canaries, their traffic counted."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from meshroll.demo.project import prepare
from meshroll.demo.report import RehearsedDelivery, print_tables, write_json
from meshroll.demo.scenario import Scenario, Strategy
from meshroll.sandbox import Sandbox

STACKS: tuple[tuple[Strategy, str], ...] = (("weight", "sandbox"), ("header", "sandbox-header"))


def run(folder: Path, sandbox: Sandbox, console: Console, say: Callable[[str], None]) -> bool:
    """Run the whole demo against a sandbox, which is brought up and left up; True when every sample was as set.

    Writes `build/demo/report.json` in `folder`, after each delivery, so that a failure leaves what was measured; the
    Pulumi project of the demo is beside it.
    """
    own = folder / "build" / "demo"
    (own / "report.json").unlink(missing_ok=True)
    sandbox.up(progress=say)
    project = prepare(own / "project", {**os.environ, **sandbox.environment()})
    deliveries: tuple[RehearsedDelivery, ...] = ()
    try:
        for strategy, stack in STACKS:
            deliveries += (Scenario(strategy, stack, project, say).run(),)
            write_json(own / "report.json", deliveries)
    finally:
        print_tables(console, deliveries)
    return all(delivery.ok for delivery in deliveries)
