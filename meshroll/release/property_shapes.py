"""Which properties a Release has: their types, what they are when left out, and what they mean to a reader.

`properties` reads and writes them, and the plug-in's schema is derived from here.
"""

from __future__ import annotations

from typing import Any, Final, get_args

from meshroll.release.inputs import DEFAULT_TIMEOUT_SECONDS, RepositoryKind
from meshroll.release.shape import Shape
from meshroll.settings.model import OnHeld, Wait

COMPUTED: Final = ("edits", "written")  # by the plug-in's `check`


def _text(description: str = "", *, required: bool = False, default: str = "") -> Shape:
    return Shape("string", required=required, default=default, description=description)


def _choice(kind: Any, default: str, description: str = "") -> Shape:
    return Shape("string", default=default, choices=get_args(kind), description=description)


def _cluster(description: str, *, named: bool = True, required: bool = True) -> Shape:
    keys = {
        "name": _text("The cluster's name in the stack.", required=named),
        "kubeconfig": _text("A file; without one KUBECONFIG counts."),
        "context": _text("Without one it is the current context."),
        "uid": _text("Of the namespace kube-system; another cluster is refused."),
    }
    return Shape("object", required=required, keys=keys, description=description)


SHAPE: Final = Shape(
    "object",
    keys={
        "stack": _text("The name in the commit's trailers.", required=True),
        "repository": Shape(
            "object",
            required=True,
            description="The rollout repository.",
            keys={
                "url": _text(required=True),
                "branch": _text(default="main"),
                "kind": _choice(RepositoryKind, "rendered", "Whether files are rendered whole, or people wrote them."),
                "exact": Shape(
                    "boolean", default=False, description="Whether a touched file must be as it was when planned."
                ),
                "commit": Shape(
                    "object",
                    default={},
                    description="How commits are made.",
                    keys={
                        "author": _text("Name <address>."),
                        "message": _text("A text around {subject}, {stack}, {services} and {changes}."),
                        "sign": Shape("string", default="", choices=("gpg", "ssh")),
                        "signingKey": _text(),
                    },
                ),
                "credentials": Shape(
                    "object",
                    default={},
                    description="What opens the repository; secret in the state.",
                    keys={key: _text() for key in ("username", "password", "sshKey", "knownHosts", "caFile")},
                ),
            },
        ),
        "path": _text("The folder or file of the services; an adopted one may hold {service}.", required=True),
        "namespace": _text("Where the services run.", required=True),
        "services": Shape(
            "array",
            required=True,
            items=Shape(
                "object",
                keys={
                    "name": _text(required=True),
                    "version": Shape("string", description="Without one the service is left alone."),
                    "template": Shape("string", description="The folder that renders it; not for an adopted one."),
                    "parameters": Shape("object", default={}, description="Of the template."),
                    "fields": Shape("array", default=(), items=Shape("object"), description="Of an adopted one."),
                },
            ),
        ),
        "argocd": Shape(
            "object",
            description="What waits for the commit; not needed to wait for the commit alone.",
            keys={
                "cluster": _cluster("Where Argo CD runs.", named=False),
                "namespace": _text(default="argocd"),
                "applications": Shape(
                    "array", default=[], items=Shape("string"), description="One for each worker, in their order."
                ),
            },
        ),
        "workers": Shape("array", default=[], items=_cluster("A work cluster.")),
        "mesh": Shape(
            "object",
            description="A hosted mesh that several clusters share.",
            keys={
                "host": _cluster("The control plane's."),
                "leader": _cluster("The work cluster whose Istio resources the control plane copies."),
            },
        ),
        "lint": Shape(
            "object",
            default={},
            description="What the lint of the manifests knows from the stack.",
            keys={
                "gatewayPorts": Shape(
                    "array", default=[], items=Shape("integer"), description="Of the gateways' Services."
                ),
                "waive": Shape(
                    "array",
                    default=[],
                    description="What it does not report.",
                    items=Shape(
                        "object",
                        keys={
                            "rule": _text("The id of a rule.", required=True),
                            "reason": _text(required=True),
                            "object": _text("Kind and name of the one object; without it every one is meant."),
                        },
                    ),
                ),
                "askPlugin": Shape(
                    "boolean", default=False, description="Whether `kubectl argo rollouts lint` is asked too."
                ),
            },
        ),
        "wave": Shape("integer", description="In which wave the clusters are, from 1."),
        "wait": _choice(Wait, "synced", "How far an update waits."),
        "timeoutSeconds": Shape("integer", default=DEFAULT_TIMEOUT_SECONDS),
        "onHeld": _choice(OnHeld, "warn", "What a service is that must wait for a person."),
        "edits": Shape(
            "array",
            default=(),
            description="The plan, computed by the plug-in.",
            items=Shape(
                "object",
                keys={
                    "file": _text(required=True),
                    "pointer": _text("Empty for the whole file."),
                    "old": _text(required=True),
                    "new": _text(required=True),
                    "blob": _text("Of the file as it was planned for; of an exact release."),
                },
            ),
        ),
        "written": Shape(
            "object",
            default={},
            items=Shape("string"),
            description="The versions that the last update wrote, computed by the plug-in.",
        ),
    },
)
