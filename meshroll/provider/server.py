"""The gRPC server around the provider, and errors as one sentence.

The SDK's servicer does the marshalling. Two of its habits are mended here: it answers an exception with its class and a
traceback, and it hands `diff` the old outputs alone, where the old inputs are what a Release is compared with. It also
knows no "initialization failed", the answer of a resource that was made and is not ready: the engine keeps it then.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Awaitable, Callable
from typing import Any

import grpc
from pulumi.provider.experimental.provider import Provider
from pulumi.provider.experimental.server import ProviderServicer
from pulumi.runtime.proto import provider_pb2_grpc

from meshroll.callers import OnlyOursAsync
from meshroll.errors import MeshrollError, of_this_machine, redact
from meshroll.provider import VERSION
from meshroll.provider.engine import MAX_MESSAGE_BYTES
from meshroll.provider.undelivered import NotDeliveredError, initialization_failed

Call = Callable[[Any, Any], Awaitable[Any]]


class Servicer(ProviderServicer):
    """Answers the engine."""

    async def Check(self, request: Any, context: Any) -> Any:  # noqa: N802 - gRPC's names
        """See `ReleaseProvider.check`."""
        _without_edits(request.olds)
        return await _guarded(super().Check, request, context)

    async def Diff(self, request: Any, context: Any) -> Any:  # noqa: N802 - gRPC's names
        """See `ReleaseProvider.diff`."""
        commit = request.olds.fields["commit"].string_value if "commit" in request.olds.fields else ""
        request.olds.CopyFrom(request.old_inputs)
        if commit:
            request.olds.fields["commit"].string_value = commit
        for values in (request.olds, request.news):
            _without_edits(values)
        return await _guarded(super().Diff, request, context)

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
    """Serve on a free loopback port, print the port as the engine expects, and go on until stopped."""
    options = [
        ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
        ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
        ("grpc.so_reuseport", 0),
    ]
    server = grpc.aio.server(options=options, interceptors=[OnlyOursAsync()])
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(
        Servicer([], VERSION, provider, engine_address=engine_address), server
    )
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    await server.wait_for_termination()


def _without_edits(values: Any) -> None:
    """Drop what nobody compares before the SDK makes objects of it: a release of many services has thousands."""
    if "edits" in values.fields:
        del values.fields["edits"]


async def _guarded(call: Call, request: Any, context: Any) -> Any:
    try:
        return await call(request, context)
    except NotDeliveredError as error:
        await context.abort_with_status(initialization_failed(error))
    except MeshrollError as error:
        await context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
    except grpc.aio.AbortError:
        raise
    except OSError as error:  # this machine: a full or read-only disk, no file descriptor left
        await context.abort(grpc.StatusCode.UNAVAILABLE, str(of_this_machine(error)))
    except Exception as error:  # the engine gets a sentence, standard error the rest
        sys.stderr.write(redact(traceback.format_exc()))
        await context.abort(grpc.StatusCode.INTERNAL, redact(f"a defect in Meshroll: {type(error).__name__}: {error}"))
