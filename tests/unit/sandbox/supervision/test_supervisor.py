"""Order, parallel starts, failures: with small programs in place of the real parts."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from meshroll.errors import BadInputError, MeshrollError, UnavailableError
from meshroll.sandbox.state.home import Home
from meshroll.sandbox.supervision import process
from meshroll.sandbox.supervision.part import Node, Part, Task, levels
from meshroll.sandbox.supervision.probes import FileProbe
from meshroll.sandbox.supervision.supervisor import PartState, Supervisor

READY = "import pathlib, sys, time; pathlib.Path(sys.argv[1]).touch(); time.sleep(60)"
# Memory that the kernel takes a moment to take back.
LARGE = "import pathlib, sys, time; kept = b'1' * (1 << 28); pathlib.Path(sys.argv[1]).touch(); time.sleep(60)"
DIES = "import sys; print('starting', flush=True); sys.exit('no such option')"


@dataclass(frozen=True)
class Never:
    def reset(self) -> None: ...

    def __call__(self) -> bool:
        return False


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    made = Home.of("unit", tmp_path)
    made.prepare()
    yield made
    Supervisor(made, []).stop()


def part(home: Home, name: str, *needs: str, ports: dict[str, int] | None = None) -> Part:
    ready = home.run(f"{name.replace('/', '.')}.ready")
    return Part(name, (sys.executable, "-c", READY, str(ready)), FileProbe(ready), needs=needs, ports=ports or {})


def dying(name: str, *needs: str) -> Part:
    return Part(name, (sys.executable, "-c", DIES), Never(), needs=needs)


def test_rows_stand_a_level_above_what_they_need() -> None:
    rows: list[Node] = [Task("a", print), Task("b", print, ("a",)), Task("c", print), Task("d", print, ("b", "c"))]
    assert [[node.name for node in level] for level in levels(rows)] == [["a", "c"], ["b"], ["d"]]


def test_a_need_that_stands_after_its_user_is_an_error_of_the_table() -> None:
    with pytest.raises(MeshrollError, match=r"^b: needs a, which must stand before it in the table$"):
        levels([Task("b", print, ("a",)), Task("a", print)])


def test_a_part_starts_only_when_what_it_needs_is_ready(home: Home) -> None:
    seen: list[bool] = []
    first = part(home, "first")
    nodes: list[Node] = [
        first,
        Task("look", lambda: seen.append(first.ready()), ("first",)),
        part(home, "last", "look"),
    ]
    supervisor = Supervisor(home, nodes)
    supervisor.start()
    assert seen == [True]
    assert [row.state for row in supervisor.status()] == [PartState.READY, PartState.READY]


def test_a_part_that_dies_at_its_start_is_named_with_the_end_of_its_log_and_what_needs_it_is_not_started(
    home: Home,
) -> None:
    supervisor = Supervisor(home, [part(home, "well"), dying("broken"), part(home, "user", "broken")])
    with pytest.raises(UnavailableError) as caught:
        supervisor.start()
    assert str(caught.value) == (
        f"broken: ended while it started; its log {home.log('broken')} ends with: no such option"
    )
    assert {row.name: (row.state, row.log_end) for row in supervisor.status()} == {
        "well": (PartState.READY, ()),
        "broken": (PartState.DEAD, ("starting", "no such option")),
        "user": (PartState.STOPPED, ()),
    }


def test_a_failed_step_is_the_error(home: Home) -> None:
    def fail() -> None:
        raise UnavailableError("the cluster is away", where="host")

    supervisor = Supervisor(home, [Task("seed", fail), part(home, "user", "seed")])
    with pytest.raises(UnavailableError, match=r"^host: the cluster is away$"):
        supervisor.start()
    assert [row.state for row in supervisor.status()] == [PartState.STOPPED]


def test_a_second_start_changes_nothing(home: Home) -> None:
    supervisor = Supervisor(home, [part(home, "one"), part(home, "two", "one")])
    supervisor.start()
    before = supervisor.status()
    supervisor.start()
    assert supervisor.status() == before


def large(home: Home) -> tuple[Supervisor, int]:
    """A started part that takes a moment to end, and its process."""
    ready = home.run("large.ready")
    supervisor = Supervisor(home, [Part("large", (sys.executable, "-c", LARGE, str(ready)), FileProbe(ready))])
    supervisor.start()
    pid = supervisor.status()[0].pid
    assert pid is not None
    return supervisor, pid


def test_a_killed_part_is_dead_at_once(home: Home) -> None:
    supervisor, killed = large(home)
    os.kill(killed, signal.SIGKILL)
    assert [(row.state, row.pid) for row in supervisor.status()] == [(PartState.DEAD, killed)]


def test_a_part_killed_a_moment_ago_is_started_anew(home: Home) -> None:
    supervisor, killed = large(home)
    os.kill(killed, signal.SIGKILL)
    supervisor.start()
    [row] = supervisor.status()
    assert row.state is PartState.READY
    assert row.pid != killed


def test_a_part_found_on_its_way_to_fail_is_started_anew(home: Home) -> None:
    slow = replace(dying("slow"), command=(sys.executable, "-c", f"import time; time.sleep(0.5); {DIES}"))
    found = process.spawn(slow.command, {}, f"{home.path}:slow", home.log("slow"), home.path)
    replace(found, digest=slow.digest).store(home.pid_file("slow"))
    supervisor = Supervisor(home, [slow])
    with pytest.raises(UnavailableError, match=r"^slow: ended while it started; .* ends with: no such option$"):
        supervisor.start()
    assert supervisor.status()[0].pid != found.pid


def test_a_part_that_is_to_be_started_in_another_way_is_started_anew(home: Home) -> None:
    Supervisor(home, [part(home, "one"), part(home, "two")]).start()
    changed = replace(part(home, "one"), command=(*part(home, "one").command, "--more"))
    said: list[str] = []
    supervisor = Supervisor(home, [changed, part(home, "two")], said.append)
    supervisor.start()
    assert [row.state for row in supervisor.status()] == [PartState.READY, PartState.READY]
    assert said[0] == "one is started anew: it is to be started in another way than before"
    assert len(said) == 2


def test_a_network_in_which_somebody_listens_is_refused(home: Home) -> None:
    with socket.create_server(("127.250.0.9", 0)) as server:
        supervisor = Supervisor(home, [replace(part(home, "runner"), network="127.250.0.0/16")])
        with pytest.raises(
            BadInputError, match=rf"listens on 127.250.0.9:{server.getsockname()[1]}; expected nobody else"
        ):
            supervisor.start()


def test_one_part_is_stopped_and_started_alone(home: Home) -> None:
    supervisor = Supervisor(home, [part(home, "one"), part(home, "two", "one")])
    supervisor.start()
    supervisor.stop(["one"])
    assert [row.state for row in supervisor.status()] == [PartState.STOPPED, PartState.READY]
    supervisor.start(["one"])
    assert [row.state for row in supervisor.status()] == [PartState.READY, PartState.READY]


def test_stop_ends_what_a_dead_part_left_and_parts_of_an_earlier_table(home: Home) -> None:
    Supervisor(home, [part(home, "old")]).start()
    supervisor = Supervisor(home, [part(home, "new")])
    supervisor.start()
    supervisor.stop()
    assert [row.state for row in supervisor.status()] == [PartState.STOPPED]
    assert list(home.run("").glob("*.pid")) == []
    assert [row.state for row in Supervisor(home, [part(home, "old")]).status()] == [PartState.STOPPED]


def test_a_taken_port_is_refused_before_anything_starts(home: Home) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        supervisor = Supervisor(home, [part(home, "one"), part(home, "two", ports={"https": port})])
        with pytest.raises(BadInputError, match=f"^two: port {port}, remembered for its https, is taken by "):
            supervisor.start()
    assert [row.state for row in supervisor.status()] == [PartState.STOPPED, PartState.STOPPED]


@pytest.mark.parametrize("names", [None, ["one"]])
def test_stop_ends_what_a_part_starts_while_it_is_stopped(home: Home, names: list[str] | None) -> None:
    ready, child = home.run("one.ready"), home.run("one.child")
    code = (
        "import pathlib, signal, subprocess, sys, threading\n"
        "def leave(*_):\n"
        "    left = subprocess.Popen(['sleep', '63'], start_new_session=True)\n"
        "    pathlib.Path(sys.argv[2]).write_text(str(left.pid))\n"
        "    sys.exit()\n"
        "signal.signal(signal.SIGTERM, leave)\n"
        "pathlib.Path(sys.argv[1]).touch()\n"
        "threading.Event().wait()\n"
    )
    command = (sys.executable, "-c", code, str(ready), str(child))
    supervisor = Supervisor(home, [Part("one", command, FileProbe(ready), environment={"PATH": os.environ["PATH"]})])
    supervisor.start()
    supervisor.stop(names)
    assert process.start_ticks(int(child.read_text())) is None
