"""The provider while it loads: it answers the engine's first questions, and all others once the library is there.

The engine does nothing else until a plug-in has been started and configured. What a Release needs takes longer to load
than that, so it is loaded while the program goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from pulumi.provider.experimental import provider as sdk

from meshroll.provider import START
from meshroll.provider.background import in_thread


class StartingProvider(sdk.Provider):
    """Hands every call about a resource to the provider that `load` makes, in a thread and once."""

    def __init__(self, load: Callable[[], sdk.Provider]) -> None:
        self._load = load
        self._loading: asyncio.Task[sdk.Provider] | None = None

    async def configure(self, _request: sdk.ConfigureRequest) -> sdk.ConfigureResponse:
        """Secrets arrive marked; previews reach `create` and `update`."""
        self._start()
        return sdk.ConfigureResponse(accept_secrets=True, supports_preview=True)

    async def invoke(self, request: sdk.InvokeRequest) -> sdk.InvokeResponse:
        """The function `start` does nothing: a program calls it first of all, so that the plug-in is started."""
        if request.tok != START:
            raise NotImplementedError(request.tok)
        return sdk.InvokeResponse(return_value={})

    async def get_schema(self, request: sdk.GetSchemaRequest) -> sdk.GetSchemaResponse:
        """See `meshroll.provider.schema`."""
        return await (await self._start()).get_schema(request)

    async def check(self, request: sdk.CheckRequest) -> sdk.CheckResponse:
        """See `ReleaseProvider`."""
        return await (await self._start()).check(request)

    async def diff(self, request: sdk.DiffRequest) -> sdk.DiffResponse:
        """See `ReleaseProvider`."""
        return await (await self._start()).diff(request)

    async def create(self, request: sdk.CreateRequest) -> sdk.CreateResponse:
        """See `ReleaseProvider`."""
        return await (await self._start()).create(request)

    async def update(self, request: sdk.UpdateRequest) -> sdk.UpdateResponse:
        """See `ReleaseProvider`."""
        return await (await self._start()).update(request)

    async def read(self, request: sdk.ReadRequest) -> sdk.ReadResponse:
        """See `ReleaseProvider`."""
        return await (await self._start()).read(request)

    async def delete(self, request: sdk.DeleteRequest) -> None:
        """See `ReleaseProvider`."""
        await (await self._start()).delete(request)

    async def cancel(self) -> None:
        """Nothing waits before the provider is loaded."""
        if self._loading is not None and self._loading.done():
            await self._loading.result().cancel()

    def _start(self) -> asyncio.Task[sdk.Provider]:
        if self._loading is None:
            self._loading = asyncio.ensure_future(in_thread(self._load))
        return self._loading
