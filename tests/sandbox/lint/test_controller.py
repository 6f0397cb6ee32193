"""The lint says "refused" of exactly what the API server and Argo Rollouts refuse; `make soak` compares many more."""

from __future__ import annotations

from meshroll.kube import Kube
from meshroll.sandbox import Sandbox
from tests.support.lint.comparison import differences, generated, refusals

COUNT = 200


def test_lint_and_controller_agree_on_generated_combinations(sandbox: Sandbox) -> None:
    every = generated(COUNT, derandomize=True)
    refused = sum(bool(refusals(combination)) for combination in every)
    assert len(every) == COUNT
    assert COUNT // 5 < refused < COUNT * 4 // 5
    worker = Kube.connect(sandbox.environment()["MESHROLL_KUBECONFIG"], "worker-1")
    assert differences(worker, every) == []
