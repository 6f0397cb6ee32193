"""A `pulumi up` that is killed or interrupted, or whose plug-in is killed below it."""

from __future__ import annotations

import signal
from collections.abc import Callable

from tests.sandbox.chaos.commands import Running
from tests.sandbox.chaos.moments import MOMENTS, Moment
from tests.sandbox.chaos.scenario import Expected, Run, Scenario

ONCE = ("right after its commit",)  # this moment is not drawn: once is enough


def _kill(running: Running) -> None:
    running.signal(signal.SIGKILL)


def _interrupt(running: Running) -> None:
    running.signal(signal.SIGINT)


def _kill_plugin(running: Running) -> None:
    running.kill_plugin()


def _act(moment: Moment, end: Callable[[Running], None]) -> Callable[[Run], None]:
    def act(run: Run) -> None:
        running = run.release()
        moment(run, running)
        end(running)
        run.judge(running)

    return act


def scenarios(draws: int) -> tuple[Scenario, ...]:
    """Each way to end a run at each moment, the drawn moments `draws` times."""
    kinds: tuple[tuple[str, Callable[[Running], None], bool], ...] = (
        ("pulumi up is killed {}", _kill, True),
        ("pulumi up is interrupted {}", _interrupt, False),
        ("the plug-in of pulumi up is killed {}", _kill_plugin, False),
    )
    made = []
    for title, end, locks in kinds:
        for when, moment in MOMENTS.items():
            for number in range(1 if when in ONCE else draws):
                name = title.format(when) + (f", draw {number + 1}" if when not in ONCE else "")
                expected = Expected("any", git=("before", "wanted"), locked=locks)
                made.append(Scenario(name, _act(moment, end), expected))
                if when in ONCE:
                    at_once = Scenario(f"{name}, then the next version", _act(moment, end), expected, second_run=False)
                    made.append(at_once)
    return tuple(made)
