"""A steady load through the gateway: every request is sent once, and every one has an outcome with its time.

The load is open: requests leave at a fixed rate, whatever became of those before. Every other one opens a connection of
its own, the rest use kept connections, so that both kinds of client are seen.
"""

from __future__ import annotations

import asyncio
import json
import re
import threading
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import aiohttp

RATE = 30.0
REQUEST_SECONDS = 10.0
WAIT_SECONDS = 60.0
_ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+(:\d+)?")
_REASON_LENGTH = 300


@dataclass(frozen=True)
class Outcome:
    """One request: when it was sent and ended (seconds of the monotonic clock), and an answer or a failure."""

    sent: float
    ended: float
    version: str = ""
    failure: str = ""


@dataclass(frozen=True)
class Away:
    """A span of time in which something that serves requests was itself away; `until` is None while it still is."""

    what: str
    since: float
    until: float | None = None

    def excuses(self, outcome: Outcome) -> bool:
        """Whether a request was under way in this span."""
        return outcome.ended >= self.since and (self.until is None or outcome.sent <= self.until)


@dataclass(frozen=True)
class Traffic:
    """What became of all requests of a scenario."""

    requests: int
    versions: Mapping[str, int]
    excused: Mapping[str, int]  # failures by cause, of requests under way while what serves them was away
    lost: Mapping[str, int]  # all other failures by cause

    def __str__(self) -> str:
        parts = [f"{self.requests} requests", f"answers {dict(self.versions)}"]
        parts += [f"excused {dict(self.excused)}"] if self.excused else []
        return ", ".join([*parts, f"lost {dict(self.lost) or 'none'}"])


def traffic(outcomes: Sequence[Outcome], away: Iterable[Away]) -> Traffic:
    """Count answers by version and failures by cause."""
    spans = tuple(away)
    failed = [outcome for outcome in outcomes if outcome.failure]
    excused = [outcome for outcome in failed if any(span.excuses(outcome) for span in spans)]
    lost = [outcome for outcome in failed if outcome not in excused]
    return Traffic(
        len(outcomes),
        dict(sorted(Counter(outcome.version for outcome in outcomes if outcome.version).items())),
        dict(sorted(Counter(outcome.failure for outcome in excused).items())),
        dict(sorted(Counter(outcome.failure for outcome in lost).items())),
    )


class Load:
    """Sends requests from a thread of its own while it is entered."""

    def __init__(self, url: str, rate: float = RATE) -> None:
        self._url, self._rate = url, rate
        self._outcomes: list[Outcome] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="load")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """All requests that have ended so far, in the order of their ends."""
        return tuple(self._outcomes)

    def wait_for_requests(self, count: int) -> None:
        """Return when `count` more requests have ended."""
        wanted, deadline = len(self._outcomes) + count, time.monotonic() + WAIT_SECONDS
        while len(self._outcomes) < wanted and time.monotonic() < deadline:
            time.sleep(0.01)

    def wait_for_answers(self, count: int, seconds: float = WAIT_SECONDS) -> bool:
        """Return when the `count` newest requests, all sent from now on, were answered; False when none comes."""
        since, deadline = time.monotonic(), time.monotonic() + seconds
        while time.monotonic() < deadline:
            newest = self._outcomes[-count:]
            if len(newest) == count and all(one.version and one.sent >= since for one in newest):
                return True
            time.sleep(0.01)
        return False

    async def _run(self) -> None:
        kept, fresh = aiohttp.TCPConnector(limit=0), aiohttp.TCPConnector(limit=0, force_close=True)
        async with _session(kept) as one, _session(fresh) as other:
            loop = asyncio.get_running_loop()
            began, sent, pending = loop.time(), 0, set[asyncio.Task[None]]()
            while not self._over.is_set():
                task = asyncio.create_task(self._send(other if sent % 2 else one))
                pending.add(task)
                task.add_done_callback(pending.discard)
                sent += 1
                await asyncio.sleep(max(0.0, began + sent / self._rate - loop.time()))
            await asyncio.gather(*pending)

    async def _send(self, session: aiohttp.ClientSession) -> None:
        sent, version, failure = time.monotonic(), "", ""
        try:
            async with session.get(self._url, allow_redirects=False) as response:
                body = await response.read()
            if response.status == 200:
                version = str(json.loads(body)["provider"]["version"])
            else:
                failure = f"HTTP {response.status} {_reason(body)}".strip()
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError, LookupError, TypeError) as error:
            failure = cause(error)
        self._outcomes.append(Outcome(sent, time.monotonic(), version, failure))


def cause(error: BaseException) -> str:
    """One word for why there was no answer."""
    if isinstance(error, TimeoutError):
        return "timeout"
    if isinstance(error, ConnectionRefusedError) or isinstance(error.__cause__, ConnectionRefusedError):
        return "refused"
    if isinstance(error, ConnectionResetError | BrokenPipeError):
        return "reset"
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return "closed without an answer"
    if isinstance(error, aiohttp.ClientOSError):
        return {104: "reset", 111: "refused", 32: "reset"}.get(error.errno or 0, f"errno {error.errno}")
    return type(error).__name__


def _session(connector: aiohttp.TCPConnector) -> aiohttp.ClientSession:
    session = aiohttp.ClientSession(
        connector=connector,
        timeout=aiohttp.ClientTimeout(total=REQUEST_SECONDS),
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
    )
    session._retry_connection = False  # a GET on a connection that was closed must count, not be sent again
    return session


def _reason(body: bytes) -> str:
    """The start of an error's text, without addresses, which would make every one a cause of its own."""
    text = body.decode(errors="replace").strip()
    try:
        found = json.loads(text)
        text = str(found["error"]) if isinstance(found, dict) and "error" in found else text
    except ValueError:
        pass
    return _ADDRESS.sub("ADDRESS", " ".join(text.split()))[:_REASON_LENGTH]
