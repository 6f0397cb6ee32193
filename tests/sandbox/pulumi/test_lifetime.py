"""Nothing outlives its `pulumi`, whatever it did when it was killed or stopped."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import psutil
import pytest
from google.protobuf import struct_pb2
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from meshroll.sandbox.pulumi import processes
from meshroll.sandbox.supervision import process
from tests.support.checkout import CHECKOUT
from tests.support.engine import SECONDS, engine, until, until_gone
from tests.support.processes import arguments
from tests.support.sandbox.pulumi_project import Project

PLUGIN = CHECKOUT / "meshroll" / "provider"
RELEASE = "urn:pulumi:dev::trial::meshroll:index:Release::shop"
OF_GIT = """
pulumi.CustomResource("meshroll:index:Release", "shop", {release})
"""
OF_A_CLUSTER = """
import json
cluster = Provider("cluster", kubeconfig=json.dumps({kubeconfig}), context="c", cluster_identifier="c")
Namespace("shop", metadata={{"name": "shop"}}, opts=pulumi.ResourceOptions(provider=cluster))
"""
PROGRAM = """
import subprocess, time
subprocess.Popen(["sleep", "1000"])
open("started", "w").close()
time.sleep(1000)
"""


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """A server that accepts and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(SECONDS)
        yield server


def address_of(server: socket.socket) -> str:
    return "{}:{}".format(*server.getsockname())


def release(address: str) -> dict[str, Any]:
    parameters = {"image": "x/y:1", "port": 9090}
    return {
        "stack": "dev",
        "repository": {"url": f"http://{address}/rollouts.git", "branch": "main"},
        "path": "live",
        "namespace": "shop",
        "services": [{"name": "web", "version": "v1", "template": "weight", "parameters": parameters}],
        "wait": "committed",
    }


def kubeconfig(address: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": {"server": f"https://{address}", "insecure-skip-tls-verify": True}}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "users": [{"name": "u", "user": {"token": "t"}}],
    }


@contextmanager
def running_program(project: Project) -> Iterator[subprocess.Popen[bytes]]:
    """While a program runs that has started a process and does not end."""
    project.write(PROGRAM, provider="")
    with project.started("preview") as cli:
        until((project.folder / "started").exists, "the program's start")
        yield cli


def descendants(cli: subprocess.Popen[bytes]) -> list[int]:
    return [child.pid for child in psutil.Process(cli.pid).children(recursive=True)]


def pid_of(word: str, pids: list[int]) -> int:
    """The process among these whose command line has the word in it."""
    (found,) = [pid for pid in pids if word in " ".join(arguments(pid))]
    return found


@pytest.mark.parametrize(
    ("program", "plug_in"),
    [
        pytest.param(OF_GIT, ("meshroll.provider", "git-remote-http"), id="git"),
        pytest.param(OF_A_CLUSTER, ("parts/pulumi-resource-kubernetes",), id="cluster"),
    ],
)
@pytest.mark.parametrize("command", ["preview", "up"])
def test_a_killed_pulumi_leaves_nothing_that_waits_for_a_server(
    project: Project, silent: socket.socket, command: str, program: str, plug_in: tuple[str, ...]
) -> None:
    plugins = {"providers": [{"name": "meshroll", "path": str(PLUGIN)}]}
    document = {"name": "trial", "runtime": "python", "plugins": plugins}
    (project.folder / "Pulumi.yaml").write_text(json.dumps(document))
    address = address_of(silent)
    project.write(program.format(kubeconfig=kubeconfig(address), release=release(address)), provider="")
    words = ["--yes", "--skip-preview"] if command == "up" else []
    with project.started(command, *words) as cli, silent.accept()[0]:
        started = descendants(cli)
        for word in ("language.__main__", "program.py", *plug_in):
            assert pid_of(word, started)
        cli.kill()
        until_gone(started)


def test_a_killed_pulumi_leaves_no_program_nor_what_it_started(project: Project) -> None:
    with running_program(project) as cli:
        started = descendants(cli)
        assert pid_of("sleep", started)
        cli.kill()
        until_gone(started)


def test_a_killed_language_host_leaves_no_program_nor_what_it_started(project: Project) -> None:
    with running_program(project) as cli:
        started = descendants(cli)
        os.kill(pid_of("language.__main__", started), signal.SIGKILL)
        until_gone([*started, cli.pid])


def test_an_interrupted_pulumi_leaves_no_program_nor_what_it_started(project: Project) -> None:
    with running_program(project) as cli:
        started = descendants(cli)
        cli.send_signal(signal.SIGINT)
        until_gone([*started, cli.pid])


def test_all_that_runs_with_a_home_is_found_and_can_be_ended(project: Project) -> None:
    with running_program(project) as cli:
        started = [cli.pid, *descendants(cli)]
        found = processes(Path(project.environ["PULUMI_HOME"]))
        assert sorted(identity.pid for identity in found) == sorted(started)
        process.end(found, SECONDS)
        until_gone(started)


def test_a_plug_in_that_is_closed_while_it_serves_takes_along_what_it_started(silent: socket.socket) -> None:
    inputs = struct_pb2.Struct()
    inputs.update(release(address_of(silent)))
    request = provider_pb2.CheckRequest(urn=RELEASE, type="meshroll:index:Release", news=inputs)
    with (
        engine(PLUGIN / "pulumi-resource-meshroll", "127.0.0.1:1") as made,
        grpc.insecure_channel(f"127.0.0.1:{made.port()}") as channel,
    ):
        answer = provider_pb2_grpc.ResourceProviderStub(channel).Check.future(request)
        with silent.accept()[0]:
            started = made.started()
            assert pid_of("git-remote-http", started)
            os.killpg(made.plugin, signal.SIGINT)  # as the engine closes a plug-in
            until_gone(started)
        assert answer.exception() is not None
