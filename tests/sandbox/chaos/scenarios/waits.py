"""A wait that cannot or does not succeed: a bad image, a short time-out, disks, a repository that goes away, a lock."""

from __future__ import annotations

from pathlib import Path

from tests.sandbox.chaos.disks import own_disk
from tests.sandbox.chaos.parts import repository_away, silent
from tests.sandbox.chaos.rig import TIMEOUT
from tests.sandbox.chaos.scenario import Expected, Run, Scenario
from tests.support.sandbox.stacks import PROVIDER

IMAGE = f"/services/{PROVIDER}/parameters/image"
GOOD_IMAGE = "registry.example/mspider/spring-dubbo3-provider:v0.2"
BAD_IMAGE = "registry.example/mspider/there-is-none:v0.2"
SOME_REQUESTS = 90


def _bad_image(run: Run) -> None:
    run.rig.stack.put("/delivery/timeout", "6s")
    run.rig.stack.put(IMAGE, BAD_IMAGE)
    run.judge(run.release())


def _good_image(run: Run) -> None:
    run.rig.stack.put(IMAGE, GOOD_IMAGE)
    _usual_time_out(run)


def _short_time_out(run: Run) -> None:
    """The canary is not taken up before the time is over, and goes on afterwards."""
    run.rig.stack.put("/delivery/timeout", "5s")
    with silent(run, "worker-1/rollouts"):
        run.judge(run.release())


def _usual_time_out(run: Run) -> None:
    run.rig.stack.put("/delivery/timeout", TIMEOUT)


def _cache(run: Run) -> Path:
    return Path(run.rig.project.environment["XDG_CACHE_HOME"]) / "meshroll"


def _full_cache(run: Run) -> None:
    with own_disk(_cache(run)) as disk:
        disk.fill()
        run.judge(run.release())


def _read_only_cache(run: Run) -> None:
    with own_disk(_cache(run)) as disk:
        disk.make_read_only()
        run.judge(run.release())


def _full_state(run: Run) -> None:
    """The disk of Pulumi's state is full from the commit to the end of the run."""
    with own_disk(Path(run.rig.project.environment["PULUMI_HOME"]) / "state") as disk:
        running = run.release()
        running.until_committed()
        disk.fill()
        run.happens("the disk is full")
        run.judge(running)


def _repository_away_before(run: Run) -> None:
    with repository_away(run):
        run.judge(run.release())


def _repository_away_during_the_wait(run: Run) -> None:
    running = run.release()
    running.until_committed()
    with repository_away(run):
        run.load.wait_for_requests(SOME_REQUESTS)
    run.judge(running)


def _second_up(run: Run) -> None:
    """The second run begins while the first waits; only the second is refused."""
    first = run.release()
    first.until_committed()
    run.judge(run.start_up())
    done = run.heard(first.wait())
    assert done.succeeded, str(done)


def scenarios() -> tuple[Scenario, ...]:
    """Each ends as a sentence, and the version after it is released."""
    time_out = Expected("failure", says=("delivery.timeout",), kept=True)
    full = Expected("failure", says=("[Nn]o space left|is full",), git=("before",))
    read_only = Expected("failure", says=("[Rr]ead-only",), git=("before",))
    return (
        Scenario("the image of a version cannot be pulled", _bad_image, time_out, mend=_good_image, second_run=False),
        Scenario("the wait is over before the delivery is", _short_time_out, time_out, mend=_usual_time_out),
        Scenario(
            "the wait is over before the delivery is, then the next version",
            _short_time_out,
            time_out,
            mend=_usual_time_out,
            second_run=False,
        ),
        Scenario("the disk of the cache is full", _full_cache, full, needs_root=True),
        Scenario("the cache is read-only", _read_only_cache, read_only, needs_root=True),
        Scenario(
            "the disk of Pulumi's state is full from the commit on",
            _full_state,
            Expected("any", locked=True),
            needs_root=True,
        ),
        Scenario(
            "the repository is away before the commit",
            _repository_away_before,
            Expected("failure", says=("repository|rollouts.git",), git=("before",)),
        ),
        Scenario("the repository is away during the wait", _repository_away_during_the_wait, Expected()),
        Scenario(
            "a second pulumi up begins during the first",
            _second_up,
            Expected("failure", says=("locked", "pulumi cancel")),
        ),
    )
