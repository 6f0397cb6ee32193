"""The engine's side of the plug-in: a client that asks as Pulumi does, over the real protocol."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
import pytest
from google.protobuf import json_format, struct_pb2
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc, status_pb2

from meshroll.provider.resource import ReleaseProvider, Services
from meshroll.provider.server import Servicer
from meshroll.provider.starting import StartingProvider

URN = "urn:pulumi:prod::meshroll::meshroll:index:Release::shop-w"
SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}


@dataclass
class Log:
    """What the plug-in reported to the user."""

    messages: list[str] = field(default_factory=list)

    def info(self, urn: str, message: str) -> None:
        assert urn == URN
        self.messages.append(message)

    def warning(self, urn: str, message: str) -> None:
        assert urn == URN
        self.messages.append(f"warning: {message}")

    def status(self, urn: str, message: str) -> None:
        assert urn == URN
        self.messages.append(f"({message})")


@dataclass
class Engine:
    """Calls the plug-in; errors are grpc.RpcError, answers plain values."""

    stub: Any
    log: Log

    def check(self, inputs: dict[str, Any], old: dict[str, Any] | None = None) -> dict[str, Any]:
        """The checked inputs; `old` are those of the state. Raises AssertionError with the reasons of failures."""
        answer = self.stub.Check(provider_pb2.CheckRequest(urn=URN, olds=struct(old or {}), news=struct(inputs)))
        assert not answer.failures, "; ".join(failure.reason for failure in answer.failures)
        return plain(answer.inputs)

    def failure(self, inputs: dict[str, Any]) -> str:
        answer = self.stub.Check(provider_pb2.CheckRequest(urn=URN, news=struct(inputs)))
        (failure,) = answer.failures
        return str(failure.reason)

    def diff(self, old: dict[str, Any], new: dict[str, Any], outputs: dict[str, Any]) -> list[str] | None:
        """The paths that differ, None for no change."""
        answer = self.stub.Diff(
            provider_pb2.DiffRequest(
                urn=URN, id="prod/shop-w", olds=struct(outputs), old_inputs=struct(old), news=struct(new)
            )
        )
        some = answer.changes == provider_pb2.DiffResponse.DIFF_SOME
        assert some == bool(answer.detailedDiff)
        return sorted(answer.detailedDiff) if some else None

    def create(self, inputs: dict[str, Any], *, preview: bool = False) -> tuple[str, dict[str, Any]]:
        answer = self.stub.Create(provider_pb2.CreateRequest(urn=URN, properties=struct(inputs), preview=preview))
        return answer.id, plain(answer.properties)

    def undelivered(self, call: Callable[[], Any]) -> tuple[str, str, dict[str, Any]]:
        """The one reason, id and outputs of a call that fails because a commit was made and is not delivered."""
        with pytest.raises(grpc.RpcError) as caught:
            call()
        ((_, content),) = [item for item in caught.value.trailing_metadata() if item[0] == "grpc-status-details-bin"]
        status, detail = status_pb2.Status.FromString(content), provider_pb2.ErrorResourceInitFailed()
        assert status.details[0].Unpack(detail)
        (reason,) = detail.reasons
        assert reason == status.message == caught.value.details()
        return reason, detail.id, plain(detail.properties)

    def update(self, inputs: dict[str, Any], *, preview: bool = False) -> dict[str, Any]:
        request = provider_pb2.UpdateRequest(urn=URN, id="prod/shop-w", news=struct(inputs), preview=preview)
        return plain(self.stub.Update(request).properties)

    def read(self, inputs: dict[str, Any], outputs: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        request = provider_pb2.ReadRequest(urn=URN, id="prod/shop-w", inputs=struct(inputs), properties=struct(outputs))
        answer = self.stub.Read(request)
        return plain(answer.inputs), plain(answer.properties)


@contextmanager
def started(services: Services) -> Iterator[Engine]:
    """The plug-in's server in a thread of this process."""
    log = Log()
    ports: list[int] = []
    ready, loop, stop = threading.Event(), asyncio.new_event_loop(), asyncio.Event()

    async def serve() -> None:
        server = grpc.aio.server()
        servicer = Servicer([], "0", StartingProvider(lambda: ReleaseProvider(log, services)), engine_address="")
        provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
        ports.append(server.add_insecure_port("127.0.0.1:0"))
        await server.start()
        ready.set()
        await stop.wait()
        await server.stop(None)

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    assert ready.wait(10)
    with grpc.insecure_channel(f"127.0.0.1:{ports[0]}") as channel:
        yield Engine(provider_pb2_grpc.ResourceProviderStub(channel), log)
    loop.call_soon_threadsafe(stop.set)
    thread.join(10)


def struct(values: dict[str, Any]) -> struct_pb2.Struct:
    return json_format.ParseDict(values, struct_pb2.Struct())


def plain(values: struct_pb2.Struct) -> dict[str, Any]:
    return dict(json_format.MessageToDict(values))


def secret(value: Any) -> dict[str, Any]:
    """A value that the program marked secret."""
    return {**SECRET, "value": value}
