"""A commit that was made and is not delivered: the answer by which the engine keeps the resource and waits again.

The SDK's helper knows no such answer. Of an update the engine stores the old inputs with the new outputs then, and of a
creation both as they are (pkg/engine/update.go, OnResourceStepPost).
"""

from __future__ import annotations

from collections.abc import Mapping

import grpc
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.runtime.proto import provider_pb2, status_pb2

from meshroll.errors import MeshrollError


class NotDeliveredError(MeshrollError):
    """The commit stands and the wait failed: the resource is kept, with `identity` and `outputs`, to be waited for."""

    def __init__(self, error: MeshrollError, identity: str, outputs: Mapping[str, PropertyValue]) -> None:
        super().__init__(str(error))
        self.identity, self.outputs = identity, outputs


def initialization_failed(error: NotDeliveredError) -> grpc.Status:
    """The status by which the engine keeps a resource, with its inputs and these outputs, and reports the error."""
    detail = provider_pb2.ErrorResourceInitFailed(
        id=error.identity, properties=PropertyValue.marshal_map(dict(error.outputs)), reasons=[str(error)]
    )
    code, _ = grpc.StatusCode.UNKNOWN.value
    whole = status_pb2.Status(code=code, message=str(error))
    whole.details.add().Pack(detail)
    status = grpc.Status()
    status.code, status.details = grpc.StatusCode.UNKNOWN, str(error)
    status.trailing_metadata = (("grpc-status-details-bin", whole.SerializeToString()),)
    return status
