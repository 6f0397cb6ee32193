"""The gRPC server around the provider: errors as one sentence, and the end when the engine ends.

The SDK's servicer does the marshalling. Two of its habits are mended here: it answers an exception with its class and a
traceback, and it hands `diff` the old outputs alone, where the old inputs are what a Release is compared with.
"""

from __future__ import annotations

import os
import sys
import threading
import time
import traceback
from collections.abc import Awaitable, Callable
from typing import Any

import grpc
from pulumi.provider.experimental.provider import Provider
from pulumi.provider.experimental.server import ProviderServicer
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from meshroll.errors import MeshrollError, redact
from meshroll.provider import VERSION
from meshroll.provider.engine import MAX_MESSAGE_BYTES

Call = Callable[[Any, Any], Awaitable[Any]]
PARENT_SECONDS = 1.0


class Servicer(ProviderServicer):
    """Answers the engine."""

    async def Check(self, request: Any, context: Any) -> Any:  # noqa: N802 - gRPC's names
        """See `ReleaseProvider.check`."""
        return await _guarded(super().Check, request, context)

    async def Diff(self, request: Any, context: Any) -> Any:  # noqa: N802 - gRPC's names
        """See `ReleaseProvider.diff`."""
        of_inputs = provider_pb2.DiffRequest()
        of_inputs.CopyFrom(request)
        of_inputs.olds.CopyFrom(request.old_inputs)
        return await _guarded(super().Diff, of_inputs, context)

    async def Create(self, request: Any, context: Any) -> Any:  # noqa: N802 - gRPC's names
        """See `ReleaseProvider.create`."""
        return await _guarded(super().Create, request, context)

    async def Update(self, request: Any, context: Any) -> Any:  # noqa: N802 - gRPC's names
        """See `ReleaseProvider.update`."""
        return await _guarded(super().Update, request, context)

    async def Read(self, request: Any, context: Any) -> Any:  # noqa: N802 - gRPC's names
        """See `ReleaseProvider.read`."""
        return await _guarded(super().Read, request, context)


async def serve(provider: Provider, engine_address: str) -> None:
    """Serve on a free loopback port, print the port as the engine expects, and go on until the engine is gone."""
    options = [
        ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
        ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
        ("grpc.so_reuseport", 0),
    ]
    server = grpc.aio.server(options=options)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(
        Servicer([], VERSION, provider, engine_address=engine_address), server
    )
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    await server.wait_for_termination()


async def _guarded(call: Call, request: Any, context: Any) -> Any:
    try:
        return await call(request, context)
    except MeshrollError as error:
        await context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
    except grpc.aio.AbortError:
        raise
    except Exception as error:  # the engine gets a sentence, standard error the rest
        sys.stderr.write(redact(traceback.format_exc()))
        await context.abort(grpc.StatusCode.INTERNAL, redact(f"a defect in Meshroll: {type(error).__name__}: {error}"))


def _end_with(parent: int) -> None:
    """A killed engine cannot tell us: end with it rather than stay for ever."""
    while os.getppid() == parent:
        time.sleep(PARENT_SECONDS)
    os._exit(0)
