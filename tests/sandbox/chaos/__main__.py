"""`python -m tests.sandbox.chaos`: plays scenarios on a sandbox of its own and prints a table of what they showed."""

from __future__ import annotations

import argparse
import secrets
import signal
import sys
import tempfile
from pathlib import Path

import pytest
from rich.console import Console
from rich.table import Table

from meshroll.sandbox import Sandbox
from tests.sandbox.chaos import scenarios
from tests.sandbox.chaos.expectations import problems
from tests.sandbox.chaos.play import play
from tests.sandbox.chaos.record import Record
from tests.sandbox.chaos.rig import rig_on
from tests.sandbox.chaos.scenario import Scenario


def main() -> int:
    """The number of scenarios that showed something wrong, at most 1 as an exit code."""
    asked = _arguments()
    chosen = [
        one for one in scenarios.table(asked.draws) if not asked.only or any(word in one.name for word in asked.only)
    ]
    if asked.list or not chosen:
        print("\n".join(one.name for one in chosen) or "no scenario has such a name")
        return 0 if chosen else 2
    # Also where a shell has told its background jobs to ignore Ctrl-C, an end in order leaves no sandbox behind.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="meshroll-chaos-") as folder:
        sandbox = Sandbox(f"chaos-{secrets.token_hex(3)}", root=Path(folder) / "state")
        try:
            sandbox.up(1, progress=_say)
            rows = _play_all(sandbox, Path(folder), chosen, asked.seed)
        finally:
            sandbox.clean()
    _print(rows)
    return int(any(wrong for _, _, wrong in rows))


Row = tuple[Scenario, Record | None, tuple[str, ...]]


def _play_all(sandbox: Sandbox, folder: Path, chosen: list[Scenario], seed: int) -> list[Row]:
    rows: list[Row] = []
    with rig_on(sandbox, folder) as rig:
        for scenario in chosen:
            _say(scenario.name)
            try:
                record = play(rig, scenario, seed)
            except (Exception, pytest.fail.Exception) as error:
                rows.append((scenario, None, (f"the scenario could not be played: {error}",)))
                _say(f"  {rows[-1][2][0]}")
                continue
            wrong = problems(record)
            rows.append((scenario, record, wrong))
            for problem in wrong:
                _say(f"  {problem}")
            if wrong:
                _say(str(record))
    return rows


def _print(rows: list[Row]) -> None:
    table = Table(title="chaos", title_justify="left", show_lines=True)
    for column in ("scenario", "exit", "Git", "requests", "lost", "wrong"):
        table.add_column(column)
    for scenario, record, wrong in rows:
        if record is None:
            table.add_row(scenario.name, "", "", "", "", "\n".join(wrong))
            continue
        exits = ", ".join(str(done.exit_code) for done in record.judged)
        held = ", ".join(step.seen.git.versions["dubbo3-provider"] for step in record.steps)
        lost = ", ".join(f"{count} {cause}" for cause, count in record.traffic.lost.items()) or "none"
        table.add_row(scenario.name, exits, held, str(record.traffic.requests), lost, "\n".join(wrong) or "nothing")
    Console(width=160).print(table)
    requests = sum(record.traffic.requests for _, record, _ in rows if record)
    bad = sum(bool(wrong) for _, _, wrong in rows)
    print(f"{len(rows)} scenarios, {bad} with something wrong, {requests} requests")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.sandbox.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=0, help="of all drawn moments")
    parser.add_argument("--draws", type=int, default=scenarios.DRAWS, help="of each scenario at a drawn moment")
    parser.add_argument(
        "--only", action="append", default=[], metavar="TEXT", help="scenarios whose name holds TEXT; again for more"
    )
    parser.add_argument("--list", action="store_true", help="print the names and do nothing")
    return parser.parse_args()


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
