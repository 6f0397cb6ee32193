"""The program itself: configuration in, one sentence out when something is wrong."""

from __future__ import annotations

import runpy
from pathlib import Path

import pulumi
import pytest
from pulumi.runtime.config import set_all_config

from meshroll.errors import UnavailableError

from .program import run

PROGRAM = str(Path(__file__).parents[3] / "__main__.py")


def start(config: dict[str, str]) -> None:
    set_all_config(config, ["meshroll:repository"])
    runpy.run_path(PROGRAM)


def test_an_unknown_key_is_one_sentence_and_nothing_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(pulumi.RunError) as caught:
        run(lambda: start({"meshroll:waves": "[]", "kubernetes:context": "other"}))
    assert "waves" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_the_preflight_finds_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(stack: object) -> None:
        raise UnavailableError("it cannot be reached", where="cluster worker-1")

    monkeypatch.setattr("meshroll.settings.pulumi_config.load", lambda _: object())
    monkeypatch.setattr("meshroll.delivery.preflight.check", unreachable)
    with pytest.raises(pulumi.RunError) as caught:
        run(lambda: start({"meshroll:format": "1"}))
    assert str(caught.value) == "cluster worker-1: it cannot be reached"
