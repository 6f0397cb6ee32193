"""Bounds against exact arithmetic and known values; samples against a tiny server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from fractions import Fraction
from math import comb

import pytest
from aiohttp import web

from meshroll.delivery.measure import Counts, binomial_bounds, sample


def tail_chances(n: int, percent: int, low: int, high: int) -> tuple[Fraction, Fraction]:
    """P(X < low) and P(X > high), exact."""
    p = Fraction(percent, 100)
    chance = [comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(n + 1)]
    return sum(chance[:low], Fraction(0)), sum(chance[high + 1 :], Fraction(0))


@pytest.mark.parametrize(("n", "percent"), [(1, 50), (20, 5), (100, 50), (200, 95), (300, 1)])
def test_bounds_leave_at_most_half_the_rest_on_each_side_and_cannot_be_narrower(n: int, percent: int) -> None:
    low, high = binomial_bounds(n, percent)
    half = Fraction(1, 2000)
    below, above = tail_chances(n, percent, low, high)
    assert below <= half
    assert above <= half
    assert tail_chances(n, percent, low + 1, high)[0] > half
    assert tail_chances(n, percent, low, high - 1)[1] > half


@pytest.mark.parametrize(
    ("n", "percent", "bounds"),
    [(2000, 5, (69, 133)), (2000, 50, (926, 1074)), (2000, 0, (0, 0)), (2000, 100, (2000, 2000)), (0, 5, (0, 0))],
)
def test_bounds_of_the_samples_that_a_delivery_takes(n: int, percent: int, bounds: tuple[int, int]) -> None:
    assert binomial_bounds(n, percent) == bounds


def test_a_sample_that_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match=r"no such sample: 10 requests, weight 101, confidence 0\.999"):
        binomial_bounds(10, 101)


@asynccontextmanager
async def serving(app: web.Application) -> AsyncIterator[str]:
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    try:
        yield f"http://{host}:{port}/hello"
    finally:
        await runner.cleanup()


def app_of(handler: object) -> web.Application:
    app = web.Application()
    app.router.add_get("/hello", handler)  # type: ignore[arg-type]
    return app


def run(handler: object, requests: int, headers: dict[str, str] | None = None, concurrency: int = 8) -> Counts:
    async def measure() -> Counts:
        async with serving(app_of(handler)) as url:
            return await sample(url, requests, headers, concurrency)

    return asyncio.run(measure())


def test_answers_are_counted_by_the_providers_version_and_failures_apart() -> None:
    asked = 0

    async def hello(_: web.Request) -> web.Response:
        nonlocal asked
        asked += 1
        if asked % 10 == 0:
            return web.Response(status=503)
        if asked % 10 == 1:
            return web.json_response({"message": "no provider here"})
        return web.json_response({"provider": {"hostname": "p", "version": "v2" if asked % 10 == 2 else "v1"}})

    counts = run(hello, 200)
    assert (counts.requests, counts.versions, counts.failures, counts.errors, asked) == (
        200,
        {"v1": 140, "v2": 20},
        {"HTTP 503": 20, "ValueError": 20},
        40,
        200,
    )


def test_headers_are_sent_with_every_request() -> None:
    async def hello(request: web.Request) -> web.Response:
        return web.json_response({"provider": {"version": request.headers.get("lane", "none")}})

    assert run(hello, 50, {"lane": "test-v2"}).versions == {"test-v2": 50}


def test_a_connection_that_closes_under_a_request_is_a_failure_and_never_sent_again() -> None:
    asked = 0

    async def hello(request: web.Request) -> web.Response:
        nonlocal asked
        asked += 1
        if asked == 5:
            assert request.transport is not None
            request.transport.close()
        return web.json_response({"provider": {"version": "v1"}})

    counts = run(hello, 20, concurrency=1)
    assert (asked, counts.versions, counts.failures) == (20, {"v1": 19}, {"ServerDisconnectedError": 1})


def test_a_server_that_is_not_there_makes_every_request_a_failure() -> None:
    counts = asyncio.run(sample("http://127.0.0.1:9/hello", 5))
    assert (counts.versions, counts.failures) == ({}, {"ClientConnectorError": 5})
