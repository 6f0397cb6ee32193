"""A wait over servers that stumble, refuse, or send nothing."""

from __future__ import annotations

import threading

import pytest

from meshroll.delivery.wait import wait_for
from meshroll.errors import TimedOutError
from meshroll.kube import ApiError
from tests.support.delivery.clusters import Object, PlayedCluster
from tests.support.delivery.waiting import (
    BEFORE,
    COMMIT,
    application,
    delivery,
    failure,
    run,
)


def test_the_deadline_says_what_was_seen_last() -> None:
    host = PlayedCluster("host", {"Application": [application(BEFORE)]})
    said = failure(TimedOutError, host, PlayedCluster("worker-1", {}), "synced", timeout=0.01)
    assert said == "Application dubbo-worker-1 is at 0bad0000, and the 0.01 s of delivery.timeout are over"


def test_an_api_server_that_stumbles_passes_and_one_that_refuses_does_not() -> None:
    def answer(status: int) -> ApiError:
        return ApiError("no", status=status, reason="", where="cluster host")

    for status in (409, 429, 500, 503):
        host = PlayedCluster("host", {"Application": [answer(status), application(COMMIT)]})
        assert run(host, PlayedCluster("worker-1", {}), "synced")[1][0].startswith(
            "Application dubbo-worker-1 cannot be"
        )
    with pytest.raises(ApiError):
        run(PlayedCluster("host", {"Application": [answer(403)]}), PlayedCluster("worker-1", {}), "synced")


def test_a_silent_server_is_named_while_it_is_silent_and_the_deadline_holds() -> None:
    hangs = threading.Event()

    class Silent(PlayedCluster):
        def get(self, api_version: str, kind: str, name: str, namespace: str | None = None) -> Object | None:
            hangs.wait(60)
            return None

    said: list[str] = []
    asked = delivery(Silent("host", {}), PlayedCluster("worker-1", {}), "synced", timeout=0.05)
    with pytest.raises(TimedOutError) as caught:
        wait_for(asked, said.append, poll_seconds=0.001, silent_seconds=0.02)
    hangs.set()
    assert said[0] == "Application dubbo-worker-1 cannot be read yet: no answer for 0 s"
    assert str(caught.value) == (
        "Application dubbo-worker-1 cannot be read (no answer for 0 s), and the 0.05 s of delivery.timeout are over"
    )
