"""A Release's inputs, read into frozen values. What is missing or of a wrong type is one sentence with its place.

No input is named `version`: the engine would take it for the plug-in's own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, cast, get_args

from meshroll.errors import BadInputError
from meshroll.gitops.git import Remote, Style
from meshroll.gitops.plans import Edit
from meshroll.manifests.lint import Options, Waiver
from meshroll.settings.fields import field_of
from meshroll.settings.model import Cluster, Field, OnHeld, Wait

DEFAULT_TIMEOUT_SECONDS = 600
RepositoryKind = Literal["rendered", "adopted"]
_WAIVER = ("rule", "reason", "object")
_KINDS = {str: "a string", dict: "a mapping", list: "a list", int: "a whole number"}


@dataclass(frozen=True)
class Service:
    """A service to release: rendered from a template, or adopted with the fields that hold its version."""

    name: str
    version: str
    template: str
    parameters: Mapping[str, Any]
    fields: tuple[Field, ...] = ()


@dataclass(frozen=True)
class Argo:
    """Where Argo CD runs, and the Application of each worker in the workers' order."""

    cluster: Cluster
    namespace: str
    applications: tuple[str, ...]


@dataclass(frozen=True)
class Mesh:
    """A hosted mesh: the control plane's cluster, and the work cluster whose Istio resources it copies."""

    host: Cluster
    leader: Cluster


@dataclass(frozen=True)
class ReleaseInputs:
    """Everything that planning, committing and waiting need."""

    stack: str
    remote: Remote
    path: str
    namespace: str
    services: tuple[Service, ...]  # only those that have a version: the others are left alone
    argocd: Argo | None
    workers: tuple[Cluster, ...]
    wait: Wait
    timeout_seconds: int
    edits: tuple[Edit, ...]
    kind: RepositoryKind = "rendered"
    wave: int = 1
    exact: bool = False  # whether a touched file must be as it was when it was planned, byte for byte
    style: Style = field(default_factory=Style)  # of the commit
    written: Mapping[str, str] = field(default_factory=dict)  # versions by service, as the last `up` left them
    mesh: Mesh | None = None
    lint: Options = field(default_factory=Options)  # what the stack says to the lint
    on_held: OnHeld = "warn"  # what a service that must wait for a person is to `pulumi up`


def read_inputs(values: Mapping[str, Any]) -> ReleaseInputs:
    """Plain properties as the engine gave them. Raises BadInputError."""
    repository = _take(values, "repository", dict)
    credentials = _take(repository, "credentials", dict, {}, at="repository.")
    kind = _take(repository, "kind", str, "rendered", at="repository.")
    if kind not in get_args(RepositoryKind):
        raise BadInputError(
            f"{kind!r} is no kind", where="repository.kind", expected=" or ".join(get_args(RepositoryKind))
        )
    services = [_service(item, f"services[{i}].", kind) for i, item in enumerate(_take(values, "services", list))]
    for name, count in Counter(service.name for service in services if service).items():
        if count > 1:
            raise BadInputError(f"there are two services {name}", where="services", expected="each name once")
    wait = _take(values, "wait", str, "synced")
    if wait not in get_args(Wait):
        raise BadInputError(f"{wait!r} is no state to wait for", where="wait", expected=", ".join(get_args(Wait)))
    on_held = _take(values, "onHeld", str, "warn")
    if on_held not in get_args(OnHeld):
        raise BadInputError(f"{on_held!r} is unknown", where="onHeld", expected=" or ".join(get_args(OnHeld)))
    argocd = _argo(values["argocd"]) if values.get("argocd") else None
    workers = tuple(_cluster(item, f"workers[{i}].") for i, item in enumerate(_take(values, "workers", list, [])))
    if wait != "committed" and argocd is None:
        raise BadInputError(f"nothing tells when the release is {wait}", where="argocd", expected="Argo CD's cluster")
    if argocd and len(argocd.applications) != len(workers):
        raise BadInputError(
            "they do not match the workers", where="argocd.applications", expected="one for each worker"
        )
    return ReleaseInputs(
        stack=_take(values, "stack", str),
        remote=Remote(
            _take(repository, "url", str, at="repository."),
            _take(repository, "branch", str, "main", at="repository."),
            _take(credentials, "username", str, "", at="repository.credentials."),
            _take(credentials, "password", str, "", at="repository.credentials."),
            _take(credentials, "sshKey", str, "", at="repository.credentials."),
            _take(credentials, "knownHosts", str, "", at="repository.credentials."),
            _take(credentials, "caFile", str, "", at="repository.credentials."),
        ),
        path=_take(values, "path", str),
        namespace=_take(values, "namespace", str),
        services=tuple(service for service in services if service),
        argocd=argocd,
        workers=workers,
        wait=cast("Wait", wait),
        timeout_seconds=_take(values, "timeoutSeconds", int, DEFAULT_TIMEOUT_SECONDS),
        wave=_take(values, "wave", int, 1),
        edits=tuple(_edit(item) for item in values.get("edits") or ()),
        kind=cast("RepositoryKind", kind),
        exact=repository.get("exact") is True,
        style=_style(_take(repository, "commit", dict, {}, at="repository.")),
        written=_take(values, "written", dict, {}),
        mesh=_mesh(values["mesh"]) if values.get("mesh") else None,
        lint=_lint(_take(values, "lint", dict, {})),
        on_held=cast("OnHeld", on_held),
    )


def written_before(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, str]:
    """The versions that the last `up` wrote, from its inputs; none where that was at another place."""
    old_place, new_place = (
        [values.get("path"), *((values.get("repository") or {}).get(key) for key in ("url", "branch"))]
        for values in (old, new)
    )
    return dict(old.get("written") or {}) if old_place == new_place else {}


def significant(values: Mapping[str, Any]) -> dict[str, Any]:
    """The part of the inputs whose change is a change of the release; how servers are reached is not."""
    repository = values.get("repository") or {}
    kept = {key: values.get(key) for key in ("path", "namespace", "services")}
    return kept | {f"repository.{key}": repository.get(key) for key in ("url", "branch", "kind")}


def _service(values: Any, at: str, kind: str) -> Service | None:
    values = _mapping(values, at)
    name = _take(values, "name", str, at=at)
    if values.get("version") is None:
        return None
    if kind == "adopted":
        listed = _take(values, "fields", list, [], at=at)
        fields = tuple(
            field_of(_mapping(item, f"{at}fields[{i}]."), f"{at}fields[{i}]") for i, item in enumerate(listed)
        )
        return Service(name, _take(values, "version", str, at=at), "", {}, fields)
    return Service(
        name,
        _take(values, "version", str, at=at),
        _take(values, "template", str, at=at),
        _take(values, "parameters", dict, {}, at=at),
    )


def _style(values: Mapping[str, Any]) -> Style:
    sign = _take(values, "sign", str, "", at="repository.commit.")
    if sign not in ("", "gpg", "ssh"):
        raise BadInputError(f"{sign!r} is no kind of signature", where="repository.commit.sign", expected="gpg or ssh")
    author, message, key = (
        _take(values, name, str, "", at="repository.commit.") for name in ("author", "message", "signingKey")
    )
    return Style(author, message, sign, key)


def _edit(values: Mapping[str, str]) -> Edit:
    key = (values["file"], values.get("pointer", ""), values["old"], values["new"])
    return Edit(*key, blob=values.get("blob", ""))


def _argo(values: Any) -> Argo:
    values = _mapping(values, "argocd.")
    applications: Sequence[str] = _take(values, "applications", list, [], at="argocd.")
    cluster = _cluster({"name": "argocd", **_take(values, "cluster", dict, at="argocd.")}, "argocd.cluster.")
    return Argo(cluster, _take(values, "namespace", str, "argocd", at="argocd."), tuple(applications))


def _mesh(values: Any) -> Mesh:
    values = _mapping(values, "mesh.")
    host, leader = (_cluster(values.get(role), f"mesh.{role}.") for role in ("host", "leader"))
    return Mesh(host, leader)


def _lint(values: Mapping[str, Any]) -> Options:
    ports = _take(values, "gatewayPorts", list, [], at="lint.")
    if not all(isinstance(port, (int, float)) and port > 0 for port in ports):
        raise BadInputError(f"{ports!r} is not a list of ports", where="lint.gatewayPorts", expected="numbers above 0")
    waivers = [
        Waiver(*(_take(_mapping(item, "lint.waive."), key, str, "", at="lint.waive.") for key in _WAIVER))
        for item in _take(values, "waive", list, [], at="lint.")
    ]
    return Options(tuple(int(port) for port in ports), tuple(waivers))  # the engine sends numbers as fractions


def _cluster(values: Any, at: str) -> Cluster:
    values = _mapping(values, at)
    given = {key: _take(values, key, str, "", at=at) or None for key in ("context", "kubeconfig", "uid")}
    return Cluster(name=_take(values, "name", str, at=at), **given)


def _mapping(values: Any, at: str) -> dict[str, Any]:
    if not isinstance(values, dict):
        raise BadInputError("it is no mapping", where=at.rstrip("."), expected="a mapping")
    return values


def _take(values: Mapping[str, Any], key: str, kind: type, default: Any = None, *, at: str = "") -> Any:
    value = values.get(key)
    if value is None and default is not None:
        return default
    if not isinstance(value, kind) or isinstance(value, bool):
        problem = "it is missing" if value is None else f"it is no {_KINDS[kind].split(' ', 1)[1]}"
        raise BadInputError(problem, where=f"{at}{key}", expected=_KINDS[kind])
    return value
