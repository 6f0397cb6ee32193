"""The provider while it loads: the engine is answered at once, and a resource once everything is there."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
from pulumi.provider.experimental import provider as sdk

from meshroll.provider import START
from meshroll.provider.starting import StartingProvider


class Loaded(sdk.Provider):
    """Answers checks, and remembers that it was cancelled."""

    def __init__(self) -> None:
        self.cancelled = False

    async def check(self, request: sdk.CheckRequest) -> sdk.CheckResponse:
        return sdk.CheckResponse(inputs=request.new_inputs)

    async def cancel(self) -> None:
        self.cancelled = True


CONFIGURE = sdk.ConfigureRequest({}, {}, True, True)
CHECK = sdk.CheckRequest("urn:pulumi:prod::meshroll::meshroll:index:Release::shop", {}, {}, b"")


def test_the_engine_goes_on_while_the_provider_loads_and_it_loads_once() -> None:
    go_on, loaded = threading.Event(), Loaded()
    loads: list[str] = []

    def load() -> sdk.Provider:
        loads.append(threading.current_thread().name)
        assert go_on.wait(30)
        return loaded

    async def engine() -> list[Any]:
        provider = StartingProvider(load)
        configured = await provider.configure(CONFIGURE)
        await provider.invoke(sdk.InvokeRequest(START, {}))
        await provider.cancel()  # nothing waits yet
        asked = [asyncio.ensure_future(provider.check(CHECK)) for _ in range(2)]
        go_on.set()
        answers = [await each for each in asked]
        await provider.cancel()
        return [configured.supports_preview, *(answer.inputs for answer in answers), loaded.cancelled]

    assert asyncio.run(engine()) == [True, {}, {}, True]
    assert len(loads) == 1
    assert loads != [threading.current_thread().name]


def test_what_keeps_it_from_loading_is_the_error_of_the_first_resource() -> None:
    def load() -> sdk.Provider:
        raise ImportError("no module named yaml")

    async def engine() -> None:
        provider = StartingProvider(load)
        await provider.configure(CONFIGURE)
        await provider.check(CHECK)

    with pytest.raises(ImportError, match="no module named yaml"):
        asyncio.run(engine())


def test_there_is_no_other_function() -> None:
    with pytest.raises(NotImplementedError, match="meshroll:index:other"):
        asyncio.run(StartingProvider(Loaded).invoke(sdk.InvokeRequest("meshroll:index:other", {})))
