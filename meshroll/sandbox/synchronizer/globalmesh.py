"""What a GlobalMesh says about copying Istio resources: pure functions over the custom resource.

The key spelling differs between releases of the product: a parameter is found with and without the prefix `global.`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Object = dict[str, Any]
API_VERSION = "discovery.mspider.io/v3alpha1"
KIND = "GlobalMesh"
ENABLED = "enabled_resources_synchronizer"
WORKER = "sync_resource_worker_cluster"
RESOURCES = "sync_istio_resources"
AUTO_REMOVE = "enabled_resources_synchronizer_auto_remove"


@dataclass(frozen=True, order=True)
class Resource:
    """A kind to copy, read and written in exactly the listed version."""

    group: str
    kind: str
    resource: str
    version: str

    @property
    def api_version(self) -> str:
        """`group/version`, or the version alone for the core group."""
        return f"{self.group}/{self.version}" if self.group else self.version


@dataclass(frozen=True)
class CopyRequest:
    """What one mesh wants copied. `problem` is set when it wants something that cannot be done."""

    mesh: str
    worker: str
    resources: tuple[Resource, ...]
    enabled: bool
    keep_when_off: bool
    problem: str = ""


def copy_request(mesh: Object) -> CopyRequest:
    """Read one GlobalMesh; a switched off or incomplete one wants nothing copied."""
    name = mesh["metadata"]["name"]
    try:
        spec = _mapping(mesh, "spec")
        owner = _mapping(spec, "ownerConfig")
        flat = _mapping(owner, "controlPlaneParams")
        struct = _mapping(_mapping(owner, "controlPlaneParamsStruct"), "global")
        listed, clusters = _list(struct, RESOURCES), _list(spec, "clusters")
    except TypeError as error:
        return CopyRequest(name, "", (), enabled=False, keep_when_off=True, problem=str(error))
    worker = str(_parameter(flat, WORKER) or "")
    problem = ""
    enabled = _true(_parameter(flat, ENABLED))
    if enabled and not worker:
        problem = f"{WORKER} names no cluster"
    elif enabled and worker not in clusters:
        problem = f"{WORKER} names {worker}, which is not in spec.clusters"
    elif enabled and not all(isinstance(item, dict) and {"kind", "version"} <= item.keys() for item in listed):
        problem = f"{RESOURCES} has an entry without kind or version"
    resources = tuple(sorted({_resource(item) for item in listed})) if enabled and not problem else ()
    keep = _parameter(flat, AUTO_REMOVE)
    return CopyRequest(
        mesh=name,
        worker=worker,
        resources=resources,
        enabled=enabled and not problem,
        keep_when_off=keep is not None and not _true(keep),
        problem=problem,
    )


def _resource(item: Object) -> Resource:
    kind = str(item["kind"])
    return Resource(
        group=str(item.get("group") or ""),
        kind=kind,
        resource=str(item.get("resource") or kind.lower() + "s"),
        version=str(item["version"]),
    )


def _mapping(parent: Object, key: str) -> Object:
    value = parent.get(key) or {}
    if not isinstance(value, dict):
        raise TypeError(f"{key} is not a mapping")
    return value


def _list(parent: Object, key: str) -> list[Any]:
    value = parent.get(key) or []
    if not isinstance(value, list):
        raise TypeError(f"{key} is not a list")
    return value


def _parameter(flat: Object, name: str) -> object:
    return flat.get(name, flat.get(f"global.{name}"))


def _true(value: object) -> bool:
    return value is True or str(value).lower() == "true"
