"""What Argo CD must not compare, so that a sync leaves a running canary alone.

These fields belong to Argo Rollouts. They are ignored when Argo CD compares, and with ApplyOutOfSyncOnly an object
without another difference is not applied at all. RespectIgnoreDifferences is no help: for custom resources it copies
whole lists from the live object, so that a route changed in Git would never arrive. A change in Git of another field of
the same object is applied with the fields as they are at rest; Argo Rollouts then writes its own again.

Nothing is said of Services: the selector label that Argo Rollouts adds to them is a key Git does not have, which Argo
CD neither counts as a difference nor removes. Lists of custom resources are compared whole, hence the entries below.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

POD_TEMPLATE_HASH = "rollouts-pod-template-hash"


def ignore_differences(managed_routes: Sequence[str]) -> list[dict[str, Any]]:
    """`spec.ignoreDifferences` of an Application whose Rollouts split by weight or make the managed routes named.

    `[]?` because Argo CD drops, without a word, an expression that fails on an object: a route without destinations (a
    redirect) would otherwise lose the weights of all others their protection.
    """
    routes = [f".spec.http[]? | select(.name == {json.dumps(name)})" for name in dict.fromkeys(managed_routes)]
    return [
        {
            "group": "networking.istio.io",
            "kind": "VirtualService",
            "jqPathExpressions": [".spec.http[]?.route[]?.weight", *routes],
        },
        {
            "group": "networking.istio.io",
            "kind": "DestinationRule",
            "jqPathExpressions": [f'.spec.subsets[]?.labels["{POD_TEMPLATE_HASH}"]'],
        },
    ]
