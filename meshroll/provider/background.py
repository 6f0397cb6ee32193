"""Blocking work beside the server's event loop, in threads that do not keep a stopped plug-in alive."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")


async def in_thread(work: Callable[[], T]) -> T:
    """Run `work` in a daemon thread of its own. The default executor's threads would be joined at exit."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def settle(action: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(lambda: None if done.cancelled() else action())

    def run() -> None:
        try:
            result = work()
        except BaseException as error:  # handed to the one who waits
            settle(lambda error=error: done.set_exception(error))  # type: ignore[misc]
        else:
            settle(lambda: done.set_result(result))

    threading.Thread(target=run, daemon=True).start()
    return await done
