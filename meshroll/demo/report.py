"""What the demo measured: one delivery a stack, one entry a sample; as JSON and as a table."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.table import Table

from meshroll.delivery.measure import binomial_bounds
from meshroll.files import replace


@dataclass(frozen=True)
class Header:
    """A request header that decides the route."""

    name: str
    value: str


@dataclass(frozen=True)
class Sample:
    """One sample: how many answers came from the version before (stable) and the version after (canary).

    `low` and `high` are the 99.9% binomial bounds of `canary` at `weight` percent; `ok` says that canary lies between
    them and that every request was answered by one of the two.
    """

    name: str
    weight: int
    header: Header | None
    requests: int
    stable: int
    canary: int
    low: int
    high: int
    ok: bool


@dataclass(frozen=True)
class RehearsedDelivery:
    """One service's way from one version to the next, and the commit that began it."""

    strategy: Literal["weight", "header"]
    service: str
    from_version: str
    to_version: str
    commit: str
    steps: tuple[Sample, ...]

    @property
    def ok(self) -> bool:
        """Whether every sample was as set."""
        return all(step.ok for step in self.steps)


def judge(name: str, weight: int, header: Header | None, requests: int, stable: int, canary: int) -> Sample:
    """Hold one sample against the weight that was set; `weight` is the canary's share in percent."""
    low, high = binomial_bounds(requests, weight)
    ok = low <= canary <= high and stable + canary == requests
    return Sample(name, weight, header, requests, stable, canary, low, high, ok)


def write_json(path: Path, deliveries: tuple[RehearsedDelivery, ...]) -> None:
    """Write `{"deliveries": [...]}`; the versions are the keys `from` and `to`."""
    document = {"deliveries": [_document(delivery) for delivery in deliveries]}
    path.parent.mkdir(parents=True, exist_ok=True)
    replace(path, json.dumps(document, indent=2) + "\n")


def _document(delivery: RehearsedDelivery) -> dict[str, object]:
    return {
        "strategy": delivery.strategy,
        "service": delivery.service,
        "from": delivery.from_version,
        "to": delivery.to_version,
        "commit": delivery.commit,
        "steps": [asdict(step) for step in delivery.steps],
    }


def print_tables(console: Console, deliveries: tuple[RehearsedDelivery, ...]) -> None:
    """A table a delivery, a row a sample; fits 80 columns."""
    for delivery in deliveries:
        versions = f"{delivery.from_version} -> {delivery.to_version}"
        table = Table(title=f"{delivery.strategy}: {delivery.service} {versions}", title_justify="left")
        table.add_column("step")
        table.add_column("header")
        for column in ("weight", "requests", delivery.from_version, delivery.to_version, "by chance"):
            table.add_column(column, justify="right", no_wrap=True)
        table.add_column("", no_wrap=True)
        for step in delivery.steps:
            header = f"{step.header.name}: {step.header.value}" if step.header else ""
            counts = (f"{step.weight}%", str(step.requests), str(step.stable), str(step.canary))
            table.add_row(step.name, header, *counts, f"{step.low}-{step.high}", "ok" if step.ok else "NOT AS SET")
        console.print(table)
