"""Many processes release to one branch, every other time to a file they share.

None is lost, none made twice, history is linear, and every conflict is a true one. Processes and releases are few here
and MESHROLL_PROCESSES and MESHROLL_RELEASES in `make soak`.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

from meshroll.errors import ConflictError
from meshroll.gitops.git import Remote
from meshroll.gitops.planners import plan_rendered
from meshroll.gitops.plans import apply_plan
from tests.support.checkout import CHECKOUT
from tests.support.git.repositories import Repository, release

PROCESSES = int(os.environ.get("MESHROLL_PROCESSES", "4"))
RELEASES = int(os.environ.get("MESHROLL_RELEASES", "6"))
TRIES = 400
SHARED = "shared"


def main(url: str, cache: str, number: str, releases: str) -> None:
    """What each process does; it prints its conflicts."""
    remote, conflicts = Remote(url, "main"), []
    print("ready", flush=True)
    sys.stdin.readline()
    for index in range(int(releases)):
        service = SHARED if index % 2 else f"own{number}"
        for _ in range(TRIES):
            plan = plan_rendered(remote, "live", release(**{service: f"p{number}-{index}"}), cache=Path(cache))
            try:
                apply_plan(remote, plan, stack=f"stack-{number}-{index}", cache=Path(cache))
                break
            except ConflictError as error:
                conflicts.append({"service": service, "base": plan.base, "error": str(error)})
        else:
            sys.exit("gave up")
    print(json.dumps(conflicts))


def start(repository: Repository, number: int) -> subprocess.Popen[str]:
    cache = repository.cache if number % 2 else repository.work / f"cache-{number}"
    program = "import sys; from tests.git.proof.test_concurrency import main; main(*sys.argv[1:])"
    return subprocess.Popen(
        [sys.executable, "-c", program, repository.remote.url, str(cache), str(number), str(RELEASES)],
        cwd=CHECKOUT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_none_is_lost_and_none_made_twice(repository: Repository) -> None:
    repository.commit(write={"README": "x"})
    processes = [start(repository, number) for number in range(PROCESSES)]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n", process.stderr and process.stderr.read()
    conflicts = []
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    for process in processes:
        output, errors = process.communicate(timeout=60 + 5 * PROCESSES * RELEASES)
        assert process.returncode == 0, errors
        conflicts += json.loads(output)

    made = repository.git("log", "--format=%(trailers:key=Meshroll-Stack,valueonly)", "main").split()
    assert Counter(made) == {f"stack-{number}-{index}": 1 for number in range(PROCESSES) for index in range(RELEASES)}
    assert repository.git("rev-list", "--merges", "main") == ""
    assert len(repository.log()) == PROCESSES * RELEASES + 1
    repository.git("fsck", "--strict")

    for conflict in conflicts:
        assert conflict["service"] == SHARED, conflict  # nobody else writes the others
        file = f"live/{SHARED}/rollout.yaml"
        named = re.search(r" in ([0-9a-f]{12}) ", conflict["error"])
        assert named, conflict
        since = repository.git("log", "--format=%H", f"{conflict['base']}..main", "--", file).split()
        assert any(commit.startswith(named[1]) for commit in since), conflict
