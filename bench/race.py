"""Eight processes, twenty-five releases each, half of them to one file, beside a plain loop: their rate and their cost.

On a machine that is busy with other work the processor time says more than the rate: it counts what the releases cost.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from bench.repository import make, name
from bench.ways import CHECKOUT, NOBODY, PERSON, run

PROCESSES, RELEASES, FILES = 8, 25, 1000

LOOP = r"""
set -eu
url=$1 number=$2 releases=$3 own=$4 shared=$5
clone=$(mktemp -d -p "$6")
git clone --quiet "$url" "$clone" && cd "$clone"
echo ready; read -r _
index=0
while [ $index -lt "$releases" ]; do
  file=$own; [ $((index % 2)) = 1 ] && file=$shared
  edit() {
    sed -i "s/  version: .*  #/  version: p$number-$index  #/" "$file"
    git commit --quiet -am "p$number-$index"
  }
  edit
  until git push --quiet origin HEAD:main 2>/dev/null; do
    git pull --quiet --rebase origin main 2>/dev/null || {
      git rebase --abort; git fetch --quiet origin main; git reset --quiet --hard FETCH_HEAD; edit; }
  done
  index=$((index + 1))
done
"""

OURS = """
import sys, time
from pathlib import Path
from meshroll.errors import ConflictError
from meshroll.gitops.git import Remote
from meshroll.gitops.plans import apply_plan
from meshroll.gitops.planners.adopted import DesiredVersion, plan
url, number, releases, own, shared, cache = sys.argv[1:]
remote, cache = Remote(url, "main"), Path(cache, number)
print("ready", flush=True); sys.stdin.readline()
for index in range(int(releases)):
    file = shared if index % 2 else own
    while True:
        planned = plan(remote, file, [DesiredVersion(file.split("/")[-2], f"p{number}-{index}")], cache=cache)
        try:
            apply_plan(remote, planned, stack="bench", cache=cache)
            break
        except ConflictError:
            continue
"""


@dataclass(frozen=True)
class Race:
    """What one way took: releases a second, and seconds of processor time a release."""

    rate: float
    processor: float


def measure(folder: Path, processes: int = PROCESSES, releases: int = RELEASES) -> dict[str, Race]:
    """The race of each way; both must have made every commit in one line."""
    result = {}
    for way in ("ours", "loop"):
        (folder / way).mkdir(parents=True)
        repository = make(folder / way, FILES, 10)
        url = f"file://{repository}"
        children = [_start(way, url, number, releases, folder / way) for number in range(processes)]
        for child in children:
            assert child.stdout is not None
            assert child.stdout.readline() == "ready\n"
        began, before = time.perf_counter(), _processor()
        for child in children:
            assert child.stdin is not None
            child.stdin.write("\n")
            child.stdin.flush()
        for child in children:
            _, errors = child.communicate()
            assert child.returncode == 0, errors
        made = processes * releases
        result[way] = Race(made / (time.perf_counter() - began), (_processor() - before) / made)
        count = int(run("git", f"--git-dir={repository}", "rev-list", "--count", "main"))
        merges = run("git", f"--git-dir={repository}", "rev-list", "--merges", "main")
        assert (count, merges) == (10 + processes * releases, ""), (way, count, merges)
    return result


def _processor() -> float:
    """Seconds of processor time of the processes that have ended below this one."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _start(way: str, url: str, number: int, releases: int, work: Path) -> subprocess.Popen[str]:
    program = ["sh", "-c", LOOP, "sh"] if way == "loop" else [sys.executable, "-c", OURS]
    own, shared = name(100 * (number + 1)), name(0)
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    return subprocess.Popen(
        [*program, url, str(number), str(releases), own, shared, str(work)],
        cwd=CHECKOUT,
        env={**environment, **PERSON, **NOBODY},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
