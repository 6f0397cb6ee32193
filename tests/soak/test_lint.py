"""`make soak N=... SEED=...`: the lint beside the real controller, on a fifth of N combinations."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator

import pytest

from meshroll.kube import Kube
from meshroll.sandbox import Sandbox
from tests.sandbox.conftest import running
from tests.support.lint.comparison import differences, generated

COUNT = int(os.environ.get("N", "10000")) // 5  # a combination costs a hundred times what an edit costs


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kube]:
    root = tmp_path_factory.mktemp("state") / "meshroll"
    for sandbox in running(Sandbox(f"soak-{secrets.token_hex(3)}", root=root)):
        yield Kube.connect(sandbox.environment()["MESHROLL_KUBECONFIG"], "worker-1")


def test_lint_and_controller_agree_on_many_combinations(worker: Kube) -> None:
    every = generated(COUNT, derandomize=False)
    assert differences(worker, every) == []
