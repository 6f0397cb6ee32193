"""Parts die, are stopped, are killed all at once: what `status` says and what `up`, `start` and `down` make of it."""

from __future__ import annotations

import os
import signal
import socket
import time
from contextlib import suppress

import pytest
from click.testing import CliRunner

from meshroll.cli.sandbox import sandbox_command
from meshroll.errors import BadInputError
from meshroll.sandbox import PartState, Sandbox
from meshroll.sandbox.supervision import listeners
from tests.support.processes import runs

DEADLINE = 10.0


def states(sandbox: Sandbox) -> dict[str, PartState]:
    return {row.name: row.state for row in sandbox.status()}


def pid_of(sandbox: Sandbox, part: str) -> int:
    pid = next(row.pid for row in sandbox.status() if row.name == part)
    assert pid is not None
    return pid


def wait_for(sandbox: Sandbox, part: str, state: PartState) -> None:
    deadline = time.monotonic() + DEADLINE
    while states(sandbox)[part] is not state:
        assert time.monotonic() < deadline, f"{part} is not {state.value}"
        time.sleep(0.05)


def test_every_part_of_a_sandbox_that_is_up_is_ready(sandbox: Sandbox) -> None:
    assert set(states(sandbox).values()) == {PartState.READY}


@pytest.mark.parametrize("part", ["istiod", "worker-1/kube-apiserver", "worker-1/gateway"])
def test_a_killed_part_is_named_dead_with_the_end_of_its_log_until_it_is_started(whole: Sandbox, part: str) -> None:
    killed = pid_of(whole, part)
    os.kill(killed, signal.SIGKILL)
    wait_for(whole, part, PartState.DEAD)

    row = next(row for row in whole.status() if row.name == part)
    assert (row.pid, bool(row.log_end)) == (killed, bool(whole.logs(part).read_text(errors="replace")))

    whole.start(part)
    assert states(whole)[part] is PartState.READY
    assert pid_of(whole, part) != killed


def test_the_command_says_which_part_is_dead_and_exits_1(whole: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(whole.home.root.parent))
    command = ["--name", whole.home.name, "status"]
    assert CliRunner().invoke(sandbox_command, command, standalone_mode=False).return_value == 0

    os.kill(pid_of(whole, "istiod"), signal.SIGKILL)
    wait_for(whole, "istiod", PartState.DEAD)
    result = CliRunner().invoke(sandbox_command, command, standalone_mode=False)
    assert result.return_value == 1
    last = whole.logs("istiod").read_text().splitlines()[-1]
    assert f"istiod is dead; its log {whole.logs('istiod')} ends with:" in result.stderr
    assert last in result.stderr
    assert result.stderr.endswith("1 of 16 parts are not ready: istiod\n")


def test_a_stopped_part_stays_stopped_until_it_is_started(whole: Sandbox) -> None:
    whole.stop("synchronizer")
    assert states(whole)["synchronizer"] is PartState.STOPPED

    whole.start("synchronizer")
    assert states(whole)["synchronizer"] is PartState.READY


def test_up_leaves_running_parts_alone_and_starts_what_is_missing(whole: Sandbox) -> None:
    before = {row.name: row.pid for row in whole.status()}
    whole.stop("worker-1/rollouts")
    whole.up()
    after = {row.name: row.pid for row in whole.status()}
    assert {name for name in after if after[name] != before[name]} == {"worker-1/rollouts"}


def test_up_brings_everything_back_after_all_of_it_was_killed(whole: Sandbox) -> None:
    for pids in whole.processes().values():
        for pid in pids:
            with suppress(ProcessLookupError):  # ended by itself
                os.kill(pid, signal.SIGKILL)
    whole.up()
    assert set(states(whole).values()) == {PartState.READY}


def test_a_taken_port_is_one_sentence_that_names_port_and_part(whole: Sandbox) -> None:
    port = whole.site.port("valkey", "redis")
    whole.stop("valkey")
    with socket.create_server(("127.0.0.1", port)), pytest.raises(BadInputError) as caught:
        whole.up()
    assert str(caught.value).startswith(f"valkey: port {port}, remembered for its redis, is taken by ")
    assert states(whole)["valkey"] is PartState.STOPPED


def test_an_unknown_part_is_refused_with_the_names_there_are(sandbox: Sandbox) -> None:
    with pytest.raises(BadInputError, match="there is no part 'istoid'; expected one of etcd, host/kube-apiserver, "):
        sandbox.stop("istoid")


def test_down_leaves_no_process_and_no_port(whole: Sandbox) -> None:
    pids = [pid for group in whole.processes().values() for pid in group]
    ports = set(whole.site.ports.values())
    whole.down()
    assert whole.processes() == {}
    assert not [pid for pid in pids if runs(pid)]
    assert not {item for item in listeners.listening() if item.port in ports}
    assert set(states(whole).values()) == {PartState.STOPPED}
