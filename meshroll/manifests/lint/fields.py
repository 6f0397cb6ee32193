"""The types of the fields that the rules read, as the API servers' schemas have them.

An object with a value of another type is refused when it is applied; the other rules leave it alone, so that they can
take the types for granted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from meshroll.manifests.index import Object
from meshroll.manifests.lint.model import Flaw, Rule, Severity
from meshroll.manifests.lint.objects import ARGO, CORE, ISTIO, group_of
from meshroll.manifests.problem import pointer
from meshroll.yamltext import Date

TYPE = Rule(
    "field-type",
    Severity.ERROR,
    "Kubernetes",
    'A field has a value of a type that the API server does not take, such as `weight: "50"`.',
    "The object is refused when it is applied. Nothing else is judged of it.",
    "Write the value in the type that the finding names; quote a text that YAML reads as a number.",
)
REQUIRED = Rule(
    "field-required",
    Severity.ERROR,
    "Kubernetes",
    "A field that the API server insists on is missing.",
    "The object is refused when it is applied. Nothing else is judged of it.",
    "Add the field.",
)
RULES = (TYPE, REQUIRED)

TEXT, INTEGER, BOOLEAN, QUANTITY, ANY = "a text", "a whole number", "true or false", "a whole number or a text", "any"
_NAMES = {dict: "a mapping", list: "a list", str: "a text", bool: "true or false", int: "a number", float: "a number"}

# A key that ends in ! is required; {"*": x} is a mapping of any keys; [x] is a list.
_LABELS = {"*": TEXT}
_SELECTOR = {
    "matchLabels": _LABELS,
    "matchExpressions": [{"key!": TEXT, "operator!": TEXT, "values": [TEXT]}],
}
_METADATA = {"name": TEXT, "namespace": TEXT, "labels": _LABELS, "annotations": _LABELS}
_TEMPLATE = {"metadata": {"labels": _LABELS, "annotations": _LABELS}, "spec": {"containers": [ANY]}}
_ARGUMENTS = [
    {"name!": TEXT, "value": TEXT, "valueFrom": {"podTemplateHashValue": TEXT, "fieldRef": {"fieldPath!": TEXT}}}
]
_RUN = {
    "templates": [{"templateName": TEXT, "clusterScope": BOOLEAN}],
    "args": _ARGUMENTS,
    "dryRun": [{"metricName!": TEXT}],
    "measurementRetention": [{"metricName!": TEXT, "limit!": INTEGER}],
}
_STRING_MATCH = {"exact": TEXT, "regex": TEXT, "prefix": TEXT}
_VIRTUAL_SERVICE = {
    "name!": TEXT,
    "routes": [TEXT],
    "tlsRoutes": [{"port": INTEGER, "sniHosts": [TEXT]}],
    "tcpRoutes": [{"port": INTEGER}],
}
_ANTI_AFFINITY = {
    "preferredDuringSchedulingIgnoredDuringExecution": {"weight!": INTEGER},
    "requiredDuringSchedulingIgnoredDuringExecution": {},
}
_STEP = {
    "setWeight": INTEGER,
    "pause": {"duration": QUANTITY},
    "setCanaryScale": {"weight": INTEGER, "replicas": INTEGER, "matchTrafficWeight": BOOLEAN},
    "setHeaderRoute": {
        "name": TEXT,
        "match": [{"headerName!": TEXT, "headerValue!": _STRING_MATCH}],
    },
    "setMirrorRoute": {
        "name!": TEXT,
        "percentage": INTEGER,
        "match": [{"method": _STRING_MATCH, "path": _STRING_MATCH, "headers": {"*": _STRING_MATCH}}],
    },
    "analysis": _RUN,
    "experiment": {
        "templates!": [{"name!": TEXT, "specRef!": TEXT, "weight": INTEGER, "replicas": INTEGER}],
        "analyses": [{"name!": TEXT, "templateName!": TEXT, "clusterScope": BOOLEAN, "args": _ARGUMENTS}],
        "duration": TEXT,
    },
    "plugin": {"name!": TEXT},
}
_ROUTING = {
    "istio": {
        "virtualService": _VIRTUAL_SERVICE,
        "virtualServices": [_VIRTUAL_SERVICE],
        "destinationRule": {
            "name!": TEXT,
            "stableSubsetName!": TEXT,
            "canarySubsetName!": TEXT,
            "additionalSubsetNames": [TEXT],
        },
    },
    "nginx": {"stableIngress": TEXT, "stableIngresses": [TEXT], "annotationPrefix": TEXT},
    "alb": {"ingress": TEXT, "ingresses": [TEXT], "servicePort!": INTEGER, "rootService": TEXT},
    "smi": {"rootService": TEXT},
    "apisix": {},
    "ambassador": {"mappings!": [TEXT]},
    "appMesh": {},
    "traefik": {"weightedTraefikServiceName!": TEXT},
    "plugins": {"*": ANY},
    "managedRoutes": [{"name!": TEXT}],
    "maxTrafficWeight": INTEGER,
}
_CANARY = {
    "stableService": TEXT,
    "canaryService": TEXT,
    "pingPong": {"pingService!": TEXT, "pongService!": TEXT},
    "steps": [_STEP],
    "trafficRouting": _ROUTING,
    "analysis": {**_RUN, "startingStep": INTEGER},
    "maxSurge": QUANTITY,
    "maxUnavailable": QUANTITY,
    "scaleDownDelaySeconds": INTEGER,
    "scaleDownDelayRevisionLimit": INTEGER,
    "abortScaleDownDelaySeconds": INTEGER,
    "minPodsPerReplicaSet": INTEGER,
    "dynamicStableScale": BOOLEAN,
    "antiAffinity": _ANTI_AFFINITY,
}
_BLUE_GREEN = {
    "activeService!": TEXT,
    "previewService": TEXT,
    "scaleDownDelayRevisionLimit": INTEGER,
    "antiAffinity": _ANTI_AFFINITY,
    "prePromotionAnalysis": _RUN,
    "postPromotionAnalysis": _RUN,
}
_ROLLOUT = {
    "metadata": _METADATA,
    "spec!": {
        "replicas": INTEGER,
        "minReadySeconds": INTEGER,
        "progressDeadlineSeconds": INTEGER,
        "revisionHistoryLimit": INTEGER,
        "selector": _SELECTOR,
        "template": _TEMPLATE,
        "workloadRef": {"apiVersion": TEXT, "kind": TEXT, "name": TEXT},
        "strategy": {"canary": _CANARY, "blueGreen": _BLUE_GREEN},
    },
}
_DESTINATION = {"host!": TEXT, "subset": TEXT, "port": {"number": INTEGER}}
_WEIGHTED = [{"destination!": _DESTINATION, "weight": INTEGER}]
_HTTP_MATCH = {
    "name": TEXT,
    "uri": _STRING_MATCH,
    "method": _STRING_MATCH,
    "scheme": _STRING_MATCH,
    "authority": _STRING_MATCH,
    "headers": {"*": _STRING_MATCH},
    "withoutHeaders": {"*": _STRING_MATCH},
    "queryParams": {"*": _STRING_MATCH},
    "port": INTEGER,
    "sourceLabels": _LABELS,
    "gateways": [TEXT],
    "sourceNamespace": TEXT,
}
_STREAM_MATCH = {"port": INTEGER, "destinationSubnets": [TEXT], "gateways": [TEXT], "sourceLabels": _LABELS}
_ISTIO_SPECS: dict[str, dict[str, Any]] = {
    "VirtualService": {
        "hosts": [TEXT],
        "gateways": [TEXT],
        "exportTo": [TEXT],
        "http": [
            {
                "name": TEXT,
                "match": [_HTTP_MATCH],
                "route": _WEIGHTED,
                "delegate": {"name": TEXT, "namespace": TEXT},
                "redirect": {"uri": TEXT},
                "mirror": _DESTINATION,
            }
        ],
        "tls": [{"match!": [{**_STREAM_MATCH, "sniHosts!": [TEXT]}], "route": _WEIGHTED}],
        "tcp": [{"match": [_STREAM_MATCH], "route": _WEIGHTED}],
    },
    "DestinationRule": {"host!": TEXT, "exportTo": [TEXT], "subsets": [{"name!": TEXT, "labels": _LABELS}]},
    "Gateway": {
        "selector": _LABELS,
        "servers": [
            {
                "hosts!": [TEXT],
                "bind": TEXT,
                "port!": {"number!": INTEGER, "name!": TEXT, "protocol!": TEXT, "targetPort": INTEGER},
            }
        ],
    },
    "ServiceEntry": {"hosts!": [TEXT], "ports": [{"number!": INTEGER, "name!": TEXT, "protocol": TEXT}]},
}
_SERVICE = {
    "metadata": _METADATA,
    "spec": {
        "type": TEXT,
        "selector": _LABELS,
        "ports": [
            {"name": TEXT, "port!": INTEGER, "targetPort": QUANTITY, "protocol": TEXT, "appProtocol": TEXT},
        ],
    },
}
_WORKLOAD = {
    "metadata": _METADATA,
    "spec": {"replicas": INTEGER, "selector": _SELECTOR, "template": _TEMPLATE},
}
_METRICS = {
    "templates": [{"templateName": TEXT, "clusterScope": BOOLEAN}],
    "args": [{"name!": TEXT, "value": TEXT, "valueFrom": {}}],
    "metrics": [{"name!": TEXT, "interval": TEXT, "count": QUANTITY, "provider!": {"*": ANY}}],
    "dryRun": [{"metricName!": TEXT}],
    "measurementRetention": [{"metricName!": TEXT, "limit!": INTEGER}],
}
_TYPES: dict[tuple[str, str], Mapping[str, Any]] = {
    (ARGO, "Rollout"): _ROLLOUT,
    (ARGO, "AnalysisTemplate"): {"metadata": _METADATA, "spec!": _METRICS},
    (ARGO, "ClusterAnalysisTemplate"): {"metadata": _METADATA, "spec!": _METRICS},
    (CORE, "Service"): _SERVICE,
    **{(ISTIO, kind): {"metadata": _METADATA, "spec": spec} for kind, spec in _ISTIO_SPECS.items()},
    **{("apps", kind): _WORKLOAD for kind in ("Deployment", "ReplicaSet", "StatefulSet", "DaemonSet")},
    (CORE, "PodTemplate"): {"metadata": _METADATA, "template": _TEMPLATE},
    ("autoscaling", "HorizontalPodAutoscaler"): {
        "metadata": _METADATA,
        "spec": {"scaleTargetRef": {"kind": TEXT, "name": TEXT}, "minReplicas": INTEGER},
    },
    ("keda.sh", "ScaledObject"): {"metadata": _METADATA, "spec": {"scaleTargetRef": {"kind": TEXT, "name": TEXT}}},
    ("networking.k8s.io", "Ingress"): {"metadata": _METADATA, "spec": {"rules": [{"host": TEXT}]}},
}


def check(item: Object) -> Iterator[Flaw]:
    """The fields of one object that the API server would not take."""
    types = _TYPES.get((group_of(item), str(item.get("kind"))))
    if types is not None:
        yield from _mapping(item, types, ())


def _value(value: Any, types: Any, path: tuple[str | int, ...]) -> Iterator[Flaw]:
    if isinstance(types, dict):
        if isinstance(value, dict):
            yield from _mapping(value, types, path)
        else:
            yield _wrong(value, "a mapping", path)
    elif isinstance(types, list):
        if isinstance(value, list):
            for index, each in enumerate(value):
                yield from _value(each, types[0], (*path, index))
        else:
            yield _wrong(value, "a list", path)
    elif not _fits(value, types):
        yield _wrong(value, types, path)


def _mapping(value: Mapping[str, Any], types: Mapping[str, Any], path: tuple[str | int, ...]) -> Iterator[Flaw]:
    if "*" in types:
        for key, each in value.items():
            if each is not None:  # the API server drops a null
                yield from _value(each, types["*"], (*path, key))
        return
    for key, each in types.items():
        name = key.removesuffix("!")
        if value.get(name) is not None:
            yield from _value(value[name], each, (*path, name))
        elif key != name:
            yield REQUIRED.found(pointer(path), f"{name} is missing")


def _fits(value: Any, wanted: str) -> bool:
    if wanted == ANY:
        return True
    if wanted == BOOLEAN:
        return isinstance(value, bool)
    text = isinstance(value, (str, Date))
    whole = not isinstance(value, bool) and (
        isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    )
    return {TEXT: text, INTEGER: whole, QUANTITY: text or whole}[wanted]


def _wrong(value: Any, wanted: str, path: tuple[str | int, ...]) -> Flaw:
    what = "null" if value is None else _NAMES.get(type(value), "something else")
    seen = "" if isinstance(value, (dict, list)) or value is None else f" ({value!r})"
    return TYPE.found(pointer(path), f"it is {what}{seen}, and the API server takes {wanted} here")
