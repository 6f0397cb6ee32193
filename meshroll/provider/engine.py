"""Messages to the person who runs Pulumi, through the engine that started us: the SDK has no function for it."""

from __future__ import annotations

from contextlib import suppress

import grpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

from meshroll.errors import redact
from meshroll.text import printable

MAX_MESSAGE_BYTES = 400 * 1024 * 1024


class Engine:
    """The engine's log. A message that does not reach it is lost: the work goes on."""

    def __init__(self, address: str) -> None:
        options = [("grpc.max_send_message_length", MAX_MESSAGE_BYTES)]
        self._stub = engine_pb2_grpc.EngineStub(grpc.insecure_channel(address, options=options))

    def info(self, urn: str, message: str) -> None:
        """A diagnostic that stays."""
        self._log(urn, message, engine_pb2.INFO)

    def warning(self, urn: str, message: str) -> None:
        """A diagnostic that stays and stands out."""
        self._log(urn, message, engine_pb2.WARNING)

    def status(self, urn: str, message: str) -> None:
        """What is going on, shown beside the resource until the next one."""
        self._log(urn, message, engine_pb2.INFO, ephemeral=True)

    def _log(
        self, urn: str, message: str, severity: engine_pb2.LogSeverity.ValueType, *, ephemeral: bool = False
    ) -> None:
        request = engine_pb2.LogRequest(
            severity=severity, message=printable(redact(message)), urn=urn, ephemeral=ephemeral
        )
        with suppress(grpc.RpcError):
            self._stub.Log(request, timeout=10)
