"""A Release's inputs as plain property values: what the engine hands to the plug-in and keeps in a stack's state.

States of every earlier version are read here, so a key never changes its meaning. What is left out where it says
nothing stays out: the state of a stack that does not use it is as it was. No property is named `version`: the engine
would take it for the plug-in's own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from meshroll.errors import BadInputError
from meshroll.gitops.git import Remote, Style
from meshroll.manifests.lint import Options, Waiver
from meshroll.release.inputs import (
    ArgoApplications,
    MeshClusters,
    ReleaseInputs,
    RepositoryKind,
    VersionedService,
)
from meshroll.release.property_shapes import SHAPE
from meshroll.release.shape import checked
from meshroll.settings.fields import field_of, field_values
from meshroll.settings.model import Cluster

if TYPE_CHECKING:
    from meshroll.gitops.plans import Edit


def to_properties(inputs: ReleaseInputs) -> dict[str, Any]:
    """The inputs as the engine has them; the credentials are in clear."""
    computed = {"edits": edit_values(inputs.edits), "written": dict(inputs.written)}
    return {
        "stack": inputs.stack,
        "repository": _repository_values(inputs),
        "path": inputs.path,
        "namespace": inputs.namespace,
        "services": [_service_values(service, inputs.kind) for service in inputs.services],
        **({"argocd": _argocd_values(inputs.argocd)} if inputs.argocd else {}),
        "workers": [_cluster_values(worker) for worker in inputs.workers],
        **({"mesh": _mesh_values(inputs.mesh)} if inputs.mesh else {}),
        **({"lint": lint} if (lint := _lint_values(inputs.lint)) else {}),
        **({} if inputs.wave is None else {"wave": inputs.wave}),
        "wait": inputs.wait,
        "timeoutSeconds": inputs.timeout_seconds,
        **({} if inputs.on_held == "warn" else {"onHeld": inputs.on_held}),
        **{key: value for key, value in computed.items() if value},
    }


def from_properties(values: Mapping[str, Any]) -> ReleaseInputs:
    """What `to_properties` and earlier versions of it wrote. Raises BadInputError with the place of what is wrong."""
    found = checked({**values, "argocd": values.get("argocd") or None, "mesh": values.get("mesh") or None}, SHAPE)
    repository, argocd, mesh = found["repository"], found["argocd"], found["mesh"]
    kind: RepositoryKind = repository["kind"]
    inputs = ReleaseInputs(
        stack=found["stack"],
        remote=_remote(repository),
        path=found["path"],
        namespace=found["namespace"],
        services=tuple(_services(found["services"], kind)),
        argocd=_argocd(argocd) if argocd else None,
        workers=tuple(map(_read_cluster, found["workers"])),
        wait=found["wait"],
        timeout_seconds=found["timeoutSeconds"],
        edits=tuple(map(_edit, found["edits"])),
        kind=kind,
        wave=found["wave"],
        exact=repository["exact"],
        style=_style(repository["commit"]),
        written=found["written"],
        mesh=MeshClusters(_read_cluster(mesh["host"]), _read_cluster(mesh["leader"])) if mesh else None,
        lint=_lint(found["lint"]),
        on_held=found["onHeld"],
    )
    if inputs.wait != "committed" and inputs.argocd is None:
        what = f"nothing shows when the release is {inputs.wait}"
        raise BadInputError(what, where="argocd", expected="Argo CD's cluster")
    if inputs.argocd and len(inputs.argocd.applications) != len(inputs.workers):
        what = "they do not match the workers"
        raise BadInputError(what, where="argocd.applications", expected="one for each worker")
    return inputs


def edit_values(edits: Iterable[Edit], *, exact: bool = True) -> Sequence[Mapping[str, str]]:
    """The computed property `edits`: it binds `pulumi up --strict`, so it holds what is addressed and nothing else."""
    return [
        {
            **dict(zip(("file", "pointer", "old", "new"), edit.key, strict=True)),
            **({"blob": edit.blob} if edit.blob and exact else {}),
        }
        for edit in edits
    ]


def written_before(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, str]:
    """The versions that the last `up` wrote, from its properties; none where that was at another place."""
    old_place, new_place = (
        [values.get("path"), *((values.get("repository") or {}).get(key) for key in ("url", "branch"))]
        for values in (old, new)
    )
    return dict(old.get("written") or {}) if old_place == new_place else {}


def significant(values: Mapping[str, Any]) -> dict[str, Any]:
    """The part of the properties whose change is a change of the release; how servers are reached is not."""
    repository = values.get("repository") or {}
    kept = {key: values.get(key) for key in ("path", "namespace", "services")}
    return kept | {f"repository.{key}": repository.get(key) for key in ("url", "branch", "kind")}


def _repository_values(inputs: ReleaseInputs) -> dict[str, Any]:
    remote, style = inputs.remote, inputs.style
    commit = {"author": style.author, "message": style.template, "sign": style.sign, "signingKey": style.key}
    credentials = {
        "username": remote.username,
        "password": remote.password,
        "sshKey": remote.ssh_key,
        "knownHosts": remote.known_hosts,
        "caFile": remote.ca_file,
    }
    return {
        "url": remote.url,
        "branch": remote.branch,
        **({} if inputs.kind == "rendered" else {"kind": inputs.kind}),
        **({"exact": True} if inputs.exact else {}),
        **({"commit": _without_empty(commit)} if any(commit.values()) else {}),
        **({"credentials": _without_empty(credentials)} if any(credentials.values()) else {}),
    }


def _service_values(service: VersionedService, kind: RepositoryKind) -> dict[str, Any]:
    values: dict[str, Any] = {"name": service.name, "version": service.version}
    if kind == "adopted":
        return {**values, "fields": [field_values(field) for field in service.fields]}
    return {**values, "template": service.template, "parameters": dict(service.parameters)}


def _argocd_values(argocd: ArgoApplications) -> dict[str, Any]:
    return {
        "cluster": _cluster_values(argocd.cluster),
        "namespace": argocd.namespace,
        "applications": list(argocd.applications),
    }


def _mesh_values(mesh: MeshClusters) -> dict[str, Any]:
    return {"host": _cluster_values(mesh.host), "leader": _cluster_values(mesh.leader)}


def _lint_values(options: Options) -> dict[str, Any]:
    waive = [
        {"rule": each.rule, "reason": each.reason, **({"object": each.object} if each.object else {})}
        for each in options.waivers
    ]
    values = {"gatewayPorts": list(options.gateway_ports), "waive": waive, "askPlugin": options.ask_plugin}
    return {key: value for key, value in values.items() if value}


def _cluster_values(cluster: Cluster) -> dict[str, str]:
    return _without_empty(
        {"name": cluster.name, "kubeconfig": cluster.kubeconfig, "context": cluster.context, "uid": cluster.uid}
    )


def _without_empty(values: Mapping[str, str | None]) -> dict[str, str]:
    return {key: value for key, value in values.items() if value}


def _remote(repository: Mapping[str, Any]) -> Remote:
    keys = ("username", "password", "sshKey", "knownHosts", "caFile")
    credentials = repository["credentials"] or dict.fromkeys(keys, "")
    return Remote(repository["url"], repository["branch"], *(credentials[key] for key in keys))


def _style(commit: Mapping[str, str]) -> Style:
    if not commit:
        return Style()
    sign: Any = commit["sign"]
    return Style(commit["author"], commit["message"], sign, commit["signingKey"])


def _services(items: Sequence[Mapping[str, Any]], kind: RepositoryKind) -> Iterable[VersionedService]:
    """The services that have a version: the others are left alone."""
    versioned = [(index, item) for index, item in enumerate(items) if item["version"] is not None]
    for name, count in Counter(item["name"] for _, item in versioned).items():
        if count > 1:
            raise BadInputError(f"there are two services {name}", where="services", expected="each name once")
    for index, item in versioned:
        if kind == "adopted":
            at = f"services[{index}].fields"
            fields = tuple(field_of(field, f"{at}[{place}]") for place, field in enumerate(item["fields"]))
            yield VersionedService(item["name"], item["version"], fields=fields)
        elif item["template"] is None:
            raise BadInputError("it is missing", where=f"services[{index}].template", expected="a string")
        else:
            yield VersionedService(item["name"], item["version"], item["template"], item["parameters"])


def _edit(values: Mapping[str, str]) -> Edit:
    from meshroll.gitops.plans import Edit  # a Pulumi program makes inputs and no plans

    return Edit(values["file"], values["pointer"], values["old"], values["new"], blob=values["blob"])


def _argocd(values: Mapping[str, Any]) -> ArgoApplications:
    cluster = {**values["cluster"], "name": values["cluster"]["name"] or "argocd"}  # early states name none
    return ArgoApplications(_read_cluster(cluster), values["namespace"], tuple(values["applications"]))


def _lint(values: Mapping[str, Any]) -> Options:
    waive = values.get("waive", ())
    waivers = tuple(Waiver(each["rule"], each["reason"], each["object"]) for each in waive)
    return Options(tuple(values.get("gatewayPorts", ())), waivers, ask_plugin=values.get("askPlugin", False))


def _read_cluster(values: Mapping[str, str]) -> Cluster:
    return Cluster(values["name"], values["context"] or None, values["kubeconfig"] or None, values["uid"] or None)
