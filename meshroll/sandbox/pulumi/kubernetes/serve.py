"""The gRPC server of the plug-in: the SDK's servicer with errors as one sentence each.

Left to itself, the server reports a failed call as "Unexpected <class …>" and prints a traceback into the user's
diagnostics; and the SDK's answer to DiffConfig mixes up its enums.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import traceback
from collections.abc import Sequence
from typing import Any

import grpc
import grpc.aio
from pulumi.provider.experimental import provider as rpc
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.provider.experimental.server import ProviderServicer
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from meshroll.errors import MeshrollError, redact

MESSAGE_BYTES = 400 * 1024 * 1024
GUARDED = (
    "Call",
    "Check",
    "CheckConfig",
    "Configure",
    "Construct",
    "Create",
    "Delete",
    "Diff",
    "DiffConfig",
    "GetSchema",
    "Invoke",
    "Parameterize",
    "Read",
    "Update",
)


class _DiffConfig(ProviderServicer):
    async def DiffConfig(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802
        answer = await self._provider.diff_config(
            rpc.DiffRequest(
                request.urn,
                request.id,
                PropertyValue.unmarshal_map(request.olds),
                PropertyValue.unmarshal_map(request.news),
                list(request.ignoreChanges),
            )
        )
        changes = provider_pb2.DiffResponse.DIFF_SOME if answer.changes else provider_pb2.DiffResponse.DIFF_NONE
        return provider_pb2.DiffResponse(changes=changes, diffs=answer.diffs, replaces=answer.replaces)


class Servicer(_DiffConfig):
    """A servicer whose failing calls end with one sentence."""


def _guarded(name: str) -> Any:
    inner = getattr(_DiffConfig, name)

    async def method(self: Servicer, request: Any, context: Any) -> Any:
        try:
            return await inner(self, request, context)
        except MeshrollError as error:
            await context.abort(grpc.StatusCode.UNKNOWN, str(error))
        except Exception as error:
            place = traceback.extract_tb(error.__traceback__)[-1]
            text = f"{type(error).__name__} at {place.filename}:{place.lineno}: {error}"
            await context.abort(grpc.StatusCode.INTERNAL, f"the plug-in failed: {redact(text)}")

    return method


for _name in GUARDED:
    setattr(Servicer, _name, _guarded(_name))


def serve(provider: rpc.Provider, version: str, args: Sequence[str]) -> None:
    """Serve on a free port of loopback, print the port, and end quietly on SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser(description="Pulumi resource plug-in")
    parser.add_argument("engine", help="address of the Pulumi engine")
    known, _ = parser.parse_known_args(args)
    asyncio.run(_serve(provider, version, list(args), known.engine))


async def _serve(provider: rpc.Provider, version: str, args: list[str], engine: str) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    sizes = [("grpc.max_receive_message_length", MESSAGE_BYTES), ("grpc.max_send_message_length", MESSAGE_BYTES)]
    server = grpc.aio.server(options=sizes)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Servicer(args, version, provider, engine), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    await stopped.wait()
    await server.stop(grace=None)
