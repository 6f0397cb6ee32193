import threading
from collections.abc import Callable, Iterator

import pytest

from meshroll.errors import UnavailableError
from meshroll.sandbox.watch.workqueue import WorkQueue

SECONDS = 10.0


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def work(said: list[str]) -> Iterator[WorkQueue]:
    made = WorkQueue("test", said.append)
    yield made
    made.stop()


def failing(times: int, error: Exception, done: threading.Event) -> Callable[[], None]:
    left = [error] * times

    def work() -> None:
        if left:
            raise left.pop()
        done.set()

    return work


def test_what_is_put_twice_while_it_waits_is_done_once_in_its_newest_form(work: WorkQueue) -> None:
    done: list[str] = []
    over = threading.Event()
    work.put("a", lambda: done.append("old"))
    work.put("b", lambda: done.append("b"))
    work.put("a", lambda: done.append("new"))
    work.put("c", over.set)
    work.start()
    assert over.wait(SECONDS)
    assert done == ["new", "b"]


@pytest.mark.parametrize("error", [UnavailableError("away"), KeyError("spec")])
def test_what_fails_is_said_once_and_tried_again(work: WorkQueue, said: list[str], error: Exception) -> None:
    done = threading.Event()
    work.put("a", failing(2, error, done))
    work.start()
    assert done.wait(SECONDS)
    assert said == [
        f"{error}; trying again" if isinstance(error, UnavailableError) else "KeyError: 'spec'; trying again"
    ]


def test_a_failure_holds_up_nothing_else(work: WorkQueue) -> None:
    done = threading.Event()
    work.put("a", failing(1000, UnavailableError("away"), threading.Event()))
    work.put("b", done.set)
    work.start()
    assert done.wait(SECONDS)


def test_news_of_what_waits_to_be_tried_again_is_done_at_once(work: WorkQueue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("meshroll.sandbox.watch.workqueue._FIRST_RETRY", 3600.0)
    monkeypatch.setattr("meshroll.sandbox.watch.workqueue._LAST_RETRY", 3600.0)
    failed, done = threading.Event(), threading.Event()
    work.put("a", failing(1000, UnavailableError("away"), threading.Event()))
    work.put("b", failed.set)
    work.start()
    assert failed.wait(SECONDS)
    work.put("a", done.set)
    assert done.wait(SECONDS)
