"""A process that ends with the one that started it, however that one ends, and whatever stands between the two."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from meshroll.sandbox.pulumi import Official, install
from tests.support.checkout import CHECKOUT
from tests.support.engine import SECONDS, engine, until_gone
from tests.support.processes import runs

NOBODY = "127.0.0.1:1"  # the address of an engine that is never called
# What it starts has a session of its own, as Git has; a file beside it says which process that is.
PLUGIN = """
import subprocess, sys, time
sys.path.insert(0, {root!r})
from meshroll import lifetime
child = subprocess.Popen(["sleep", "1000"], stderr=subprocess.DEVNULL, start_new_session=True)
with open(sys.argv[0] + ".child", "w") as file:
    file.write(str(child.pid))
lifetime.end_with_parent()
if sys.argv[1:]:
    sys.exit(sys.argv[1])
try:
    print(1, flush=True)
    time.sleep(1000)
except KeyboardInterrupt:
    lifetime.end()
"""


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    """A program that serves nothing and starts one process."""
    file = tmp_path / "plugin"
    file.write_text(f"#!{sys.executable}\n{PLUGIN.format(root=str(CHECKOUT))}")
    file.chmod(0o755)
    return file


def child_of(plugin: Path) -> int:
    return int(plugin.with_name("plugin.child").read_text())


def shell(folder: Path, text: str) -> Path:
    file = folder / "shell"
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)
    return file


def test_it_ends_with_its_engine_and_takes_along_what_it_started(plugin: Path) -> None:
    with engine(plugin) as made:
        made.port()
        started = made.started()
        assert len(started) == 2
        made.kill()
        until_gone(started)


def test_a_shell_may_stand_between_the_two(plugin: Path, tmp_path: Path) -> None:
    with engine(shell(tmp_path, f"{plugin}\nexit $?")) as made:
        made.port()
        started = made.started()
        assert len(started) == 3
        made.kill()
        until_gone(started)


def test_it_notices_that_its_engine_was_gone_before_it_ran(plugin: Path, tmp_path: Path) -> None:
    late = f"engine=$PPID\necho 1\nwhile kill -0 $engine 2>/dev/null; do sleep 0.02; done\nexec {plugin}"
    with engine(shell(tmp_path, late)) as made:
        made.port()
        made.kill()
        until_gone([made.plugin])
    until_gone([child_of(plugin)])


def test_without_a_pipe_to_its_engine_it_looks_at_its_parent(plugin: Path, tmp_path: Path) -> None:
    # A shell that starts it in the background, with no standard input, stands for the engine.
    file = shell(tmp_path, f"{plugin} & echo $!; wait")
    with subprocess.Popen([file], stdout=subprocess.PIPE, text=True, start_new_session=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        try:
            parent.stdout.readline()
            parent.kill()
            until_gone([pid])
        finally:
            os.killpg(parent.pid, signal.SIGKILL) if runs(pid) else None


def test_stopped_it_takes_along_what_it_started(plugin: Path) -> None:
    with engine(plugin) as made:
        made.port()
        started = made.started()
        os.killpg(made.plugin, signal.SIGINT)  # as the engine closes a plug-in
        until_gone(started)


def test_an_interrupt_stops_it_though_it_was_started_to_ignore_it(plugin: Path, tmp_path: Path) -> None:
    with engine(shell(tmp_path, f"trap '' INT\nexec {plugin}")) as made:
        made.port()
        started = made.started()
        os.killpg(made.plugin, signal.SIGINT)
        until_gone(started)


def test_ended_by_an_error_it_takes_along_what_it_started(plugin: Path) -> None:
    done = subprocess.run([plugin, "an error"], stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "an error\n")
    until_gone([child_of(plugin)])


@pytest.mark.parametrize("name", ["pulumi-resource-meshroll", "pulumi-language-python"])
def test_what_the_engine_starts_ends_with_it_through_a_shell(tmp_path: Path, name: str) -> None:
    install(tmp_path / "home", Path(sys.executable), tmp_path / "not built")
    laid = {path.name: path for path in (tmp_path / "home" / "plugins").glob("*/pulumi-*")}
    laid["pulumi-resource-meshroll"] = CHECKOUT / "meshroll" / "provider" / "pulumi-resource-meshroll"
    with engine(shell(tmp_path, f'"{laid[name]}" "$@"\nexit $?'), NOBODY) as made:
        assert made.port() > 0
        started = made.started()
        assert len(started) > 1
        made.kill()
        until_gone(started)


@pytest.fixture
def kubernetes(tmp_path: Path) -> Path:
    """What is laid for a kubernetes plug-in, which knows nothing of its engine and takes an argument with a space."""
    folder = tmp_path / "official plug-ins" / "resource-kubernetes-v4.99.0"
    folder.mkdir(parents=True)
    program = folder / "pulumi-resource-kubernetes"
    program.write_text('#!/bin/sh\necho token >"$TMPDIR/kubeconfig1"\ntest "$1" = "a b" && echo 1\nexec sleep 1000\n')
    program.chmod(0o755)
    install(tmp_path / "home", Path(sys.executable), tmp_path / "not built", Official(kubernetes=folder))
    return tmp_path / "home" / "plugins" / folder.name / program.name


def temporary_files(kubernetes: Path) -> list[str]:
    return [file.name for file in (kubernetes.parents[2] / "temporary").glob("*/*")]


def test_a_kubernetes_plug_in_ends_with_its_engine_and_its_temporary_files_go(kubernetes: Path) -> None:
    with engine(kubernetes, "a b") as made:
        assert made.port() == 1
        assert temporary_files(kubernetes) == ["kubeconfig1"]
        started = made.started()
        assert len(started) == 2  # the plug-in, and the reader beside it
        made.kill()
        until_gone(started)
    assert temporary_files(kubernetes) == []


def test_a_kubernetes_plug_in_that_is_closed_leaves_no_reader_and_no_temporary_files(kubernetes: Path) -> None:
    with engine(kubernetes, "a b") as made:
        assert made.port() == 1
        started = made.started()
        os.killpg(made.plugin, signal.SIGINT)
        until_gone(started)
        made.process.wait(SECONDS)  # nothing of it holds its output open
    assert temporary_files(kubernetes) == []


def test_what_a_killed_kubernetes_plug_in_left_goes_when_the_next_one_starts(kubernetes: Path) -> None:
    with engine(kubernetes, "a b") as killed, engine(kubernetes, "a b") as other:
        assert (killed.port(), other.port()) == (1, 1)
        started = killed.started()
        killed.process.send_signal(signal.SIGSTOP)  # it does not wait for its plug-in, whose number stays
        os.killpg(killed.plugin, signal.SIGKILL)
        until_gone(started)
        assert temporary_files(kubernetes) == ["kubeconfig1", "kubeconfig1"]
        with engine(kubernetes, "a b") as third:
            assert third.port() == 1
            assert temporary_files(kubernetes) == ["kubeconfig1", "kubeconfig1"]
            folders = sorted(folder.name for folder in (kubernetes.parents[2] / "temporary").iterdir())
            assert folders == sorted(str(plugin) for plugin in (other.plugin, third.plugin))


def test_a_kubernetes_plug_in_runs_without_a_pipe_to_an_engine(kubernetes: Path) -> None:
    pipe, null = subprocess.PIPE, subprocess.DEVNULL
    with subprocess.Popen([kubernetes, "a b"], stdin=null, stdout=pipe, start_new_session=True) as plugin:
        assert plugin.stdout is not None
        assert plugin.stdout.readline() == b"1\n"
        assert plugin.poll() is None
        os.killpg(plugin.pid, signal.SIGKILL)
