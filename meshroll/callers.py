"""A plug-in answers the processes that started it, and no others, though its port can be reached by every local user.

The engine knows no secret of a plug-in to prove itself with. The kernel knows whose connection it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import grpc
import psutil

_Address = tuple[str, int]

REFUSED = "answers only the process that started it"


def is_ours(peer: str) -> bool:
    """Whether the other end of a connection to this process is this process, or one that it descends from.

    `peer` is an address as gRPC writes it: ipv4:127.0.0.1:PORT.
    """
    family, _, address = peer.partition(":")
    host, _, port = address.rpartition(":")
    if family != "ipv4" or not port.isdigit():
        return False
    this, theirs = psutil.Process(), (host, int(port))
    # Connections of several processes may share a local port, each to another place: both ends count.
    wanted = {(theirs, local) for local, remote in _connections(this) if remote == theirs}
    held = (_connections(process) for process in (this, *this.parents()))
    return bool(wanted) and wanted <= set().union(*held)


def _connections(process: psutil.Process) -> set[tuple[_Address, _Address]]:
    """The two ends of each connection that a process holds, its own first."""
    try:
        found = process.net_connections("tcp")
    except psutil.Error:  # it has ended, or is another user's
        return set()
    return {(_ipv4(each.laddr), _ipv4(each.raddr)) for each in found if each.laddr and each.raddr}


def _ipv4(address: Any) -> _Address:
    # A socket for both families has its IPv4 addresses in another form.
    return address.ip.removeprefix("::ffff:"), address.port


class OnlyOurs(grpc.ServerInterceptor):  # type: ignore[misc]  # grpc has no types
    """Refuses every call that does not come from a process that this one descends from."""

    def intercept_service(self, continuation: Callable[[Any], Any], details: Any) -> Any:
        """Put the question before the call. Calls that stream are not served: no plug-in of ours has one."""
        handler = continuation(details)
        if handler is None or handler.unary_unary is None:
            return None

        def call(request: Any, context: Any) -> Any:
            if not is_ours(context.peer()):
                context.abort(grpc.StatusCode.PERMISSION_DENIED, REFUSED)
            return handler.unary_unary(request, context)

        return _with(handler, call)


class OnlyOursAsync(grpc.aio.ServerInterceptor):  # type: ignore[misc]
    """`OnlyOurs` for a server of asyncio."""

    async def intercept_service(self, continuation: Callable[[Any], Any], details: Any) -> Any:
        """See `OnlyOurs`."""
        handler = await continuation(details)
        if handler is None or handler.unary_unary is None:
            return None

        async def call(request: Any, context: Any) -> Any:
            if not is_ours(context.peer()):
                await context.abort(grpc.StatusCode.PERMISSION_DENIED, REFUSED)
            return await handler.unary_unary(request, context)

        return _with(handler, call)


def _with(handler: Any, call: Callable[[Any, Any], Any]) -> Any:
    return grpc.unary_unary_rpc_method_handler(
        call, request_deserializer=handler.request_deserializer, response_serializer=handler.response_serializer
    )
