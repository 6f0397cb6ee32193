"""A Release's properties as the engine hands them over, for tests of what is made of them."""

from __future__ import annotations

from typing import Any

WHOLE: dict[str, Any] = {
    "stack": "prod",
    "repository": {
        "url": "https://git.example/r.git",
        "branch": "live",
        "credentials": {"username": "robot", "password": "p"},
    },
    "path": "clusters/w",
    "namespace": "shop",
    "services": [
        {"name": "a", "version": "v1", "template": "weight", "parameters": {"port": 80}},
        {"name": "watched"},
    ],
    "argocd": {
        "cluster": {"name": "host", "context": "host", "uid": "1"},
        "namespace": "argocd",
        "applications": ["shop-w"],
    },
    "workers": [{"name": "w", "kubeconfig": "/k"}],
    "mesh": {"host": {"name": "host", "context": "host"}, "leader": {"name": "w", "kubeconfig": "/k"}},
    "wait": "step",
    "timeoutSeconds": 90,
    "edits": [{"file": "f", "pointer": "/0/a", "old": "", "new": "1"}],
}
