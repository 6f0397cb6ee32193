"""The real `kubectl argo rollouts`, built from the version of Argo Rollouts that the sandbox runs, for tests alone.

Its go.mod and go.sum are those of the sandbox's Kubernetes module and four modules more, so that most of it is in Go's
cache; it is no part of the sandbox, whose first build it would lengthen.
"""

from __future__ import annotations

import sys
from pathlib import Path

from meshroll.sandbox.build import parts
from meshroll.sandbox.build.parts import Build
from meshroll.sandbox.state.home import parts_cache

BUILD = Build(
    "kubectl-argo-rollouts",
    str(Path(__file__).parent),
    "github.com/argoproj/argo-rollouts/cmd/kubectl-argo-rollouts",
    cost=20,
)


def plugin() -> Path:
    """The folder of the plug-in; it is built where it is not in the cache."""
    parts.ensure([BUILD], parts_cache(), lambda text: print(text, file=sys.stderr))
    return parts.folder(BUILD, parts_cache())
