"""Only what started a plug-in may call it."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import language_pb2_grpc, provider_pb2_grpc

from meshroll.callers import is_ours
from meshroll.sandbox.pulumi import install
from tests.support.checkout import CHECKOUT
from tests.support.engine import engine

NOBODY = "127.0.0.1:1"
CONNECT = """
import socket, sys
source = int(sys.argv[2])
with socket.socket() as connection:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    connection.bind(("127.0.0.1", source))
    connection.connect(("127.0.0.1", int(sys.argv[1])))
    print(connection.getsockname()[1], flush=True)
    sys.stdin.read()
"""
# A process of the same user that the plug-in does not descend from.
CALL = """
import sys, grpc
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import language_pb2_grpc, provider_pb2_grpc
stubs = {"language": language_pb2_grpc.LanguageRuntimeStub, "resource": provider_pb2_grpc.ResourceProviderStub}
with grpc.insecure_channel("127.0.0.1:" + sys.argv[1]) as channel:
    try:
        print(stubs[sys.argv[2]](channel).GetPluginInfo(Empty()))
    except grpc.RpcError as error:
        print(error.code().name, error.details())
"""


@contextmanager
def connected(port: int, source: int = 0) -> Iterator[str]:
    """The address, as gRPC writes it, of a connection that another process holds, from any port or a certain one."""
    command, pipe = [sys.executable, "-c", CONNECT, str(port), str(source)], subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        yield f"ipv4:127.0.0.1:{process.stdout.readline().strip()}"
        process.communicate()


def test_a_connection_of_another_process_is_not_ours() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with (
            socket.create_connection(("127.0.0.1", port)) as own,
            server.accept()[0],
            connected(port) as other,
            server.accept()[0],
        ):
            assert [is_ours(f"ipv4:127.0.0.1:{own.getsockname()[1]}"), is_ours(other)] == [True, False]


def test_a_connection_of_another_process_from_a_port_of_ours_is_not_ours() -> None:
    """Linux lets connections to different places share a local port, also those of different users."""
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_server(("127.0.0.1", 0)) as elsewhere,
        socket.socket() as own,
    ):
        own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        own.bind(("127.0.0.1", 0))
        own.connect(elsewhere.getsockname())
        with connected(server.getsockname()[1], own.getsockname()[1]) as other, server.accept()[0]:
            assert other == f"ipv4:127.0.0.1:{own.getsockname()[1]}"
            assert not is_ours(other)


@pytest.mark.parametrize("peer", ["", "unix:", "ipv4:127.0.0.1", "ipv6:%5B::1%5D:80", "ipv4:127.0.0.1:port"])
def test_an_address_of_another_form_is_not_ours(peer: str) -> None:
    assert not is_ours(peer)


@pytest.mark.parametrize("kind", ["language", "resource"])
def test_a_plug_in_answers_what_started_it_and_refuses_everybody_else(tmp_path: Path, kind: str) -> None:
    install(tmp_path / "home", Path(sys.executable), tmp_path / "not built")
    (language,) = (tmp_path / "home" / "plugins").glob("*/pulumi-language-python")
    programs = {"language": language, "resource": CHECKOUT / "meshroll" / "provider" / "pulumi-resource-meshroll"}
    stubs: dict[str, Any] = {
        "language": language_pb2_grpc.LanguageRuntimeStub,
        "resource": provider_pb2_grpc.ResourceProviderStub,
    }
    with engine(programs[kind], NOBODY) as made:
        port = str(made.port())
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            assert stubs[kind](channel).GetPluginInfo(Empty()).version != ""
        done = subprocess.run([sys.executable, "-c", CALL, port, kind], capture_output=True, text=True, check=True)
        assert done.stdout == "PERMISSION_DENIED answers only the process that started it\n"
