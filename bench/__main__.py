"""`python -m bench`: the tables."""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from bench import lint, race, services, ways
from bench.repository import make
from bench.ways import CHECKOUT, gitpython, run, seconds, sed
from tests.support.git.server import serve

STARTS = 11


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--files", type=int, nargs="+", default=[100, 1000, 10_000, 100_000])
    parser.add_argument("--commits", type=int, nargs="+", default=[10, 1000, 10_000])
    parser.add_argument("--runs", type=int, default=3, help="the median of so many is shown")
    parser.add_argument("--race", type=int, nargs=2, metavar=("PROCESSES", "RELEASES"), default=[8, 25])
    parser.add_argument("--services", type=int, nargs="*", default=[10, 100, 1000, 5000])
    parser.add_argument("--clusters", type=int, nargs="+", default=[1, 10])
    options = parser.parse_args()
    compile_once()
    print(f"Python {platform.python_version()}, {run('git', 'version').strip()}, HTTP on loopback\n")
    starts()
    show("the lint of many files, seconds of processor time", *lint.table(options.files[:3]))
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        if options.services:
            stacks = [(number, clusters) for clusters in options.clusters for number in options.services]
            title = "a stack of rendered services, seconds of processor time"
            show(title, *services.table(Path(folder) / "services", stacks))
        sizes = [(files, options.commits[0]) for files in options.files]
        sizes += [(options.files[min(1, len(options.files) - 1)], commits) for commits in options.commits[1:]]
        changes(Path(folder), sizes, options.runs)
        processes, releases = options.race
        races = race.measure(Path(folder) / "race", processes, releases)
    ours, loop = races["ours"], races["loop"]
    show(
        f"{processes} processes, {releases} releases each, half to one file (wanted: at least 0.6 of the loop)",
        ("way", "releases/s", "of the loop", "processor s/release"),
        [
            ("meshroll", f"{ours.rate:.2f}", f"{ours.rate / loop.rate:.2f}", f"{ours.processor:.3f}"),
            ("pull --rebase, push", f"{loop.rate:.2f}", "1.00", f"{loop.processor:.3f}"),
        ],
    )


def compile_once() -> None:
    """Compile the checkout as an installation does: else a command that may not keep bytecode compiles it each time."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    run(sys.executable, "-m", "compileall", "-q", str(CHECKOUT / "meshroll"))


def starts() -> None:
    """How long the command takes to say its help, over an interpreter that does nothing."""
    commands = {
        "python -c pass": "pass",
        "meshroll plan --help": "import sys; from meshroll.cli import main; sys.exit(main())",
    }
    times = {}
    for title, program in commands.items():
        arguments = [sys.executable, "-c", program, *(["plan", "--help"] if title != "python -c pass" else [])]
        taken = []
        for _ in range(STARTS):
            began = time.perf_counter()
            subprocess.run(arguments, cwd=CHECKOUT, check=True, capture_output=True)
            taken.append(time.perf_counter() - began)
        times[title] = statistics.median(taken)
    over = times["meshroll plan --help"] - times["python -c pass"]
    rows = [
        *((title, f"{taken:.3f}") for title, taken in times.items()),
        ("over it (wanted: at most 0.25)", f"{over:.3f}"),
    ]
    show("start", ("command", "s"), rows)


def changes(folder: Path, sizes: Iterable[tuple[int, int]], runs: int) -> None:
    """Plan and apply of one change, with an empty cache and with that of an earlier release, beside (a) and (b)."""
    rows = []
    for files, commits in sizes:
        repository = make(folder, files, commits)
        taken: dict[str, list[float]] = {"cold": [], "warm": [], "a": [], "b": []}
        with serve(folder) as base:
            url = f"{base}/{repository.name}"
            for number in range(runs):
                work = folder / f"work-{number}"
                taken["cold"].append(seconds(ways.ours, url, work / "ours", f"cold-{number}"))
                taken["a"].append(seconds(sed, url, work / "a", f"sed-{number}"))
                taken["warm"].append(seconds(ways.ours, url, work / "ours", f"warm-{number}"))
                taken["b"].append(seconds(gitpython, url, work / "b", f"gitpython-{number}"))
                shutil.rmtree(work)
        shutil.rmtree(repository)
        cold, warm, a, b = (statistics.median(taken[way]) for way in ("cold", "warm", "a", "b"))
        times = [f"{one:.2f}" for one in (cold, warm, a, b)]
        print(f"{files} files, {commits} commits: {' '.join(times)}", file=sys.stderr, flush=True)
        rows.append((f"{files}", f"{commits}", *times, f"{cold / a:.2f}", f"{cold / b:.2f}", f"{warm / a:.2f}"))
    title = "plan and apply of one change, in seconds (wanted: at 100000 files cold/(a) at most 0.3)"
    head = ("files", "commits", "cold", "warm", "(a) sed", "(b) GitPython", "cold/(a)", "cold/(b)", "warm/(a)")
    show(title, head, rows)


def show(title: str, head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    """A Markdown table."""
    lines = [head, tuple("-" * len(cell) for cell in head), *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    print(f"{title}\n")
    for line in lines:
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |")
    print(flush=True)


if __name__ == "__main__":
    main()
