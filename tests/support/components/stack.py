"""What a stack makes, without its repository and templates."""

from __future__ import annotations

import base64
from typing import Any

from meshroll.components.stack import build
from meshroll.settings.model import Stack
from tests.support.components.program import Made, Secret, run

COMMITTED = {"commit": "c0ffee", "versions": {"dubbo3-provider": "v1"}}
NAMESPACE, SECRET = "kubernetes:core/v1:Namespace", "kubernetes:core/v1:Secret"
PROJECT, APPLICATION = "kubernetes:argoproj.io/v1alpha1:AppProject", "kubernetes:argoproj.io/v1alpha1:Application"
GLOBAL_MESH, RELEASE = "kubernetes:discovery.mspider.io/v3alpha1:GlobalMesh", "meshroll:index:Release"
IGNORED = [{"kind": "Rollout", "jsonPointers": ["/spec/replicas"]}]


def made_by(of: Stack, outputs: dict[str, dict[str, Any]] | None = None) -> tuple[dict[str, Made], Any]:
    answers = {"dubbo-worker-1": COMMITTED, "dubbo": COMMITTED, **(outputs or {})}
    return run(lambda: build(of), answers)


def encoded(**values: str) -> Secret:
    return Secret({key: base64.b64encode(value.encode()).decode() for key, value in values.items()})
