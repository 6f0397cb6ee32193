"""The stack's outputs outlive an update that fails or is interrupted.

The engine takes the outputs that a program registered last. An update that ends before its program has registered any
shows all outputs as removed, though its state keeps them; so they are registered first of all as the last update left
them. Registered empty instead, an interrupted update would lose them from its state, too. The program's own outputs
take their place at its end.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

import grpc
import pulumi
from pulumi.runtime import rpc
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.settings import get_monitor, get_root_resource, monitor_supports_feature

_READ = "pulumi:pulumi:readStackOutputs"  # what a StackReference asks
# An engine as new as this registers a stack's outputs when the update has ended, and therefore more than once.
_NEEDED = resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_HOOKS


async def keep_outputs() -> None:
    """Register the outputs in the stack's state. Does nothing where the engine cannot read or keep them."""
    root, monitor = get_root_resource(), get_monitor()
    if root is None or monitor is None or not monitor_supports_feature(_NEEDED):
        return
    name = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    arguments = await rpc.serialize_properties({"name": name}, {})
    question = resource_pb2.ResourceInvokeRequest(tok=_READ, args=arguments, acceptResources=True)
    urn = await root.urn.future() or ""

    def exchange() -> None:
        with suppress(grpc.RpcError):  # the backend knows no such stack or may not be asked, or the update is over
            outputs = getattr(monitor.Invoke(question), "return")["outputs"]  # sent as received: a secret stays one
            monitor.RegisterResourceOutputs(resource_pb2.RegisterResourceOutputsRequest(urn=urn, outputs=outputs))

    await asyncio.get_running_loop().run_in_executor(None, exchange)
