"""Count real answers by version, and tell how many there may be by chance.

One fixed sample a step: the number of requests is set beforehand, every one is sent once, and none is sent again when
it fails. A sample that grows until it fits, or forgets its failures, proves nothing.
"""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from meshroll.errors import BadInputError
from meshroll.yamltext import read_json

CONFIDENCE = 0.999
CONCURRENCY = 32
REQUEST_SECONDS = 10.0
_NEVER = 0
_ALWAYS = 100


def binomial_bounds(requests: int, weight_percent: float, confidence: float = CONFIDENCE) -> tuple[int, int]:
    """The smallest and largest number of hits that `confidence` leaves to chance, at `weight_percent` of `requests`.

    Exact and two-sided: fewer than low has a chance of at most (1 - confidence) / 2, and so has more than high.
    """
    if requests < 0 or not _NEVER <= weight_percent <= _ALWAYS or not 0 < confidence < 1:
        raise ValueError(f"no such sample: {requests} requests, weight {weight_percent}, confidence {confidence}")
    if weight_percent in (_NEVER, _ALWAYS):
        sure = requests if weight_percent == _ALWAYS else 0
        return sure, sure
    chance, tail = weight_percent / 100, (1 - confidence) / 2
    return _quantile(requests, chance, tail), requests - _quantile(requests, 1 - chance, tail)


@dataclass(frozen=True)
class Counts:
    """What one sample brought: answers by the provider's version, and failures by what they were."""

    requests: int
    versions: Mapping[str, int]
    failures: Mapping[str, int]
    seconds: float

    @property
    def errors(self) -> int:
        """Requests without a usable answer."""
        return sum(self.failures.values())

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds if self.seconds else 0.0


async def sample(
    url: str, requests: int, headers: Mapping[str, str] | None = None, concurrency: int = CONCURRENCY
) -> Counts:
    """Send exactly `requests` GETs over kept connections and count the answers' `provider.version`."""
    import aiohttp

    left = requests
    versions: Counter[str] = Counter()
    failures: Counter[str] = Counter()
    connector = aiohttp.TCPConnector(limit=concurrency)
    timeout = aiohttp.ClientTimeout(total=REQUEST_SECONDS)
    async with aiohttp.ClientSession(
        connector=connector, timeout=timeout, headers=headers, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False
    ) as session:
        # aiohttp sends a GET again when a kept connection turns out closed; here that is a failure to be counted.
        session._retry_connection = False  # noqa: SLF001 - there is no public switch; a test holds it

        async def send() -> None:
            nonlocal left
            while left > 0:
                left -= 1
                try:
                    async with session.get(url, allow_redirects=False) as response:
                        body = await response.read()
                    if response.status == 200:  # noqa: PLR2004
                        versions[_version(body)] += 1
                    else:
                        failures[f"HTTP {response.status}"] += 1
                except (aiohttp.ClientError, TimeoutError, ValueError) as error:
                    failures[type(error).__name__] += 1

        loop = asyncio.get_running_loop()
        start = loop.time()
        await asyncio.gather(*(send() for _ in range(min(concurrency, requests))))
        seconds = loop.time() - start
    return Counts(requests, dict(sorted(versions.items())), dict(sorted(failures.items())), seconds)


def _version(body: bytes) -> str:
    try:
        answer = read_json(body, "answer")
    except BadInputError as error:
        raise ValueError("the answer is not JSON") from error
    provider = answer.get("provider") if isinstance(answer, dict) else None
    version = provider.get("version") if isinstance(provider, dict) else None
    if not isinstance(version, str) or not version:
        raise ValueError("the answer names no version of the provider")
    return version


def _quantile(n: int, p: float, tail: float) -> int:
    """The smallest k with P(X <= k) > tail for X binomial in (n, p)."""
    log_p, log_q, log_n = math.log(p), math.log1p(-p), math.lgamma(n + 1)
    total = 0.0
    for k in range(n + 1):
        log_choose = log_n - math.lgamma(k + 1) - math.lgamma(n - k + 1)
        total += math.exp(log_choose + k * log_p + (n - k) * log_q)
        if total > tail:
            return k
    return n
