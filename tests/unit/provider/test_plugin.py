"""The plug-in as a process: found by its path, talking to the engine's log, gone with the engine."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import time
from concurrent import futures

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, provider_pb2, provider_pb2_grpc

from meshroll.provider import RELEASE, VERSION
from meshroll.provider.engine import Engine
from tests.support.checkout import CHECKOUT
from tests.support.processes import runs

PLUGIN = CHECKOUT / "meshroll" / "provider" / "pulumi-resource-meshroll"


def test_it_is_executable() -> None:
    assert stat.S_IMODE(PLUGIN.stat().st_mode) & 0o111


def test_it_serves_its_schema_and_ends_when_its_engine_is_killed() -> None:
    # A shell stands for the engine: it starts the plug-in and is killed without a chance to say so.
    engine = subprocess.Popen(
        ["sh", "-c", 'cd / && "$1" 127.0.0.1:1 & echo $!; wait', "sh", str(PLUGIN)], stdout=subprocess.PIPE, text=True
    )
    assert engine.stdout is not None
    plugin, port = int(engine.stdout.readline()), int(engine.stdout.readline())
    try:
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            stub = provider_pb2_grpc.ResourceProviderStub(channel)
            assert stub.GetPluginInfo(empty_pb2.Empty(), timeout=10).version == VERSION
            schema = json.loads(stub.GetSchema(provider_pb2.GetSchemaRequest(), timeout=10).schema)
            assert list(schema["resources"]) == [RELEASE]
            assert "version" not in schema["resources"][RELEASE]["inputProperties"]
    finally:
        engine.kill()
        engine.wait()
    deadline = time.monotonic() + 15
    try:
        while runs(plugin):
            assert time.monotonic() < deadline, "the plug-in outlived its engine"
            time.sleep(0.05)
    finally:
        if runs(plugin):
            os.kill(plugin, signal.SIGKILL)


def test_started_by_hand_it_says_whose_work_that_is() -> None:
    done = subprocess.run([str(PLUGIN)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "pulumi-resource-meshroll is started by Pulumi; expected the engine's address\n"


class FakeEngine(engine_pb2_grpc.EngineServicer):
    """Keeps the messages that it gets."""

    def __init__(self) -> None:
        self.requests: list[tuple[int, str, str, bool]] = []

    def Log(self, request: engine_pb2.LogRequest, _context: object) -> empty_pb2.Empty:  # noqa: N802 - gRPC's name
        self.requests.append((request.severity, request.urn, request.message, request.ephemeral))
        return empty_pb2.Empty()


def test_messages_reach_the_engine_with_credentials_masked() -> None:
    fake, server = FakeEngine(), grpc.server(futures.ThreadPoolExecutor(1))
    engine_pb2_grpc.add_EngineServicer_to_server(fake, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    engine = Engine(f"127.0.0.1:{port}")
    engine.info("urn", "a diff 100%")
    engine.status("urn", "https://robot:s3cret@git.example/r.git")
    server.stop(None).wait()
    assert fake.requests == [
        (engine_pb2.INFO, "urn", "a diff 100%", False),
        (engine_pb2.INFO, "urn", "https://***@git.example/r.git", True),
    ]
    engine.info("urn", "nobody listens")  # and the work goes on
