"""From checked values to a `Stack`, and what a schema cannot say: names that must exist elsewhere in the stack.

Values have passed the schema and carry its defaults; a `Problem` raised here names the first contradiction.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from meshroll.errors import BadInputError
from meshroll.manifests.admitted import Admit
from meshroll.settings import model
from meshroll.settings.document import Pointer
from meshroll.settings.fields import Field, field_of
from meshroll.settings.schema import SchemaProblem, suggest

if TYPE_CHECKING:
    from meshroll.manifests.lint import Waiver

PREFIX: Final = "meshroll:"
SYNCHRONIZES_BY_HAND: Final = (0, 26)  # a mesh of this release needs two ConfigMaps edited besides
SYNCHRONIZES: Final = (0, 27)
_PATTERN: Final = frozenset("*?[]{}\\!")
IGNORING: Final = ("jsonPointers", "jqPathExpressions", "managedFieldsManagers")
HARMFUL_OPTIONS: Final = {
    "RespectIgnoreDifferences=true": "copies whole route lists from the cluster over those of Git",
    "ApplyOutOfSyncOnly=false": "applies every object at each sync, and resets the routes of a running canary",
}
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600}


class ContradictionError(Exception):
    """Carries the problem to the caller, who knows the file and the line."""

    def __init__(self, pointer: Pointer, what: str, expected: str = "") -> None:
        super().__init__(what)
        self.problem = SchemaProblem(pointer, what, expected)


def build(name: str, file: str | None, config: Mapping[str, Any]) -> model.Stack:
    """Make the stack of the values under `config`. Raises ContradictionError."""
    values = {key.removeprefix(PREFIX): value for key, value in config.items() if key.startswith(PREFIX)}
    clusters = {
        cluster: model.Cluster(cluster, entry.get("context"), entry.get("kubeconfig"), entry.get("uid"))
        for cluster, entry in values["clusters"].items()
    }
    mesh = _mesh(values.get("mesh"), clusters)
    workers = _workers(values, mesh, clusters)
    argocd, sync = values["argocd"], values["argocd"]["sync"]
    _known(argocd["cluster"], clusters, _at("argocd", "cluster"))
    for cluster in values["gateways"]:
        _known(cluster, workers, _at("gateways", cluster), "workers")
    repository = _repository(values["repository"])
    delivery = values["delivery"]
    return model.Stack(
        name=name,
        file=file,
        clusters=clusters,
        workers=workers,
        mesh=mesh,
        gateways={
            cluster: model.Gateway(cluster, entry.get("address"), entry.get("service"), entry["port"])
            for cluster, entry in values["gateways"].items()
        },
        namespaces=tuple(
            model.Namespace(namespace, entry["injection"] == "enabled")
            for namespace, entry in values["namespaces"].items()
        ),
        argocd=model.ArgoCD(
            cluster=argocd["cluster"],
            namespace=argocd["namespace"],
            project=argocd["project"],
            automated=sync["automated"],
            prune=sync["prune"],
            self_heal=sync["selfHeal"],
            sync_options=_sync_options(argocd.get("syncOptions", ())),
            ignore_differences=_ignored(argocd.get("ignoreDifferences", ())),
            admit=Admit(*(tuple(argocd.get("admit", {}).get(key, ())) for key in ("kinds", "namespaces"))),
        ),
        repository=repository,
        delivery=model.Delivery(
            namespace=delivery["namespace"],
            wait=delivery["wait"],
            timeout_seconds=seconds(delivery["timeout"]),
            waves=_waves(delivery.get("waves", ()), workers, repository, mesh),
            on_held=delivery["onHeld"],
        ),
        services=tuple(
            _service(service, entry, repository.kind, shared=len(delivery.get("waves", ())) < 2)  # noqa: PLR2004
            for service, entry in values["services"].items()
        ),
        waivers=tuple(_waiver(number, entry) for number, entry in enumerate(values.get("lint", {}).get("waive", ()))),
        ask_plugin=values.get("lint", {}).get("askPlugin", False),
    )


def seconds(duration: str) -> int:
    """The seconds of a duration such as 90s, 10m or 1h."""
    return int(duration[:-1]) * _SECONDS[duration[-1]]


def _at(key: str, *rest: str | int) -> Pointer:
    return ("config", PREFIX + key, *rest)


def _known(name: str, known: Collection[str], pointer: Pointer, among: str = "clusters") -> None:
    if name not in known:
        question, expected = suggest(name, list(known))
        raise ContradictionError(pointer, f"{name} is not among the {among}{question}", expected)


def _waiver(number: int, entry: Mapping[str, Any]) -> Waiver:
    from meshroll.manifests.lint import RULES, Waiver  # few stacks waive a rule

    _known(entry["rule"], [rule.id for rule in RULES], _at("lint", "waive", number, "rule"), "lint's rules")
    return Waiver(entry["rule"], entry["reason"], entry.get("object", ""))


def _mesh(values: Mapping[str, Any] | None, clusters: Collection[str]) -> model.Mesh | None:
    if values is None:
        return None
    for key in ("global", "host"):
        _known(values[key], clusters, _at("mesh", key))
    version = values["version"]
    release = tuple(int(part) for part in version.split(".")[:2])
    if release < SYNCHRONIZES:
        by_hand = "cannot synchronize Gateways without ConfigMap edits that Meshroll does not make"
        short = by_hand if release == SYNCHRONIZES_BY_HAND else "cannot synchronize Istio resources"
        raise ContradictionError(_at("mesh", "version"), f"mesh version {version} {short}", "0.27.0 or later")
    workers = tuple(values["workers"])
    leader = values.get("leader")
    if leader is None and len(workers) > 1:
        raise ContradictionError(
            _at("mesh"), "leader is missing", "the worker whose Istio resources steer the mesh, as there are several"
        )
    if leader is not None:
        _known(leader, workers, _at("mesh", "leader"), "mesh's workers")
    for worker in values["remoteKubeconfigs"]:
        _known(worker, workers, _at("mesh", "remoteKubeconfigs", worker), "mesh's workers")
    return model.Mesh(
        provider=values["provider"],
        name=values["name"],
        version=version,
        owner=values["global"],
        host=values["host"],
        workers=workers,
        leader=leader or workers[0],
        namespace=values["namespace"],
        control_plane_params=dict(values["controlPlaneParams"]),
        remote_kubeconfigs=dict(values["remoteKubeconfigs"]),
    )


def _sync_options(values: Sequence[str]) -> tuple[str, ...]:
    for index, option in enumerate(values):
        if why := HARMFUL_OPTIONS.get(option):
            raise ContradictionError(_at("argocd", "syncOptions", index), f"{option} {why}", "another option")
    names = [option.partition("=")[0] for option in values]
    for index, name in enumerate(names):
        if name in names[:index]:
            raise ContradictionError(_at("argocd", "syncOptions", index), f"{name} is given twice", "each option once")
    return tuple(values)


def _ignored(values: Sequence[Mapping[str, Any]]) -> tuple[Mapping[str, Any], ...]:
    for index, entry in enumerate(values):
        if not any(key in entry for key in IGNORING):
            raise ContradictionError(
                _at("argocd", "ignoreDifferences", index), "nothing of it is ignored", " or ".join(IGNORING)
            )
    return tuple(dict(entry) for entry in values)


def _workers(values: Mapping[str, Any], mesh: model.Mesh | None, clusters: Collection[str]) -> tuple[str, ...]:
    if mesh is not None and "workers" in values:
        raise ContradictionError(_at("workers"), "the mesh's workers are the stack's: leave this key out")
    if mesh is None and "workers" not in values:
        raise ContradictionError(("config",), "names no workers", "meshroll:workers, or meshroll:mesh with workers")
    pointer = _at("mesh", "workers") if mesh else _at("workers")
    workers = mesh.workers if mesh else tuple(values["workers"])
    for index, worker in enumerate(workers):
        _known(worker, clusters, (*pointer, index))
    return workers


def _waves(
    values: Sequence[Sequence[str]], workers: Sequence[str], repository: model.Repository, mesh: model.Mesh | None
) -> tuple[tuple[str, ...], ...]:
    at = _at("delivery", "waves")
    seen: set[str] = set()
    for n, wave in enumerate(values):
        for m, cluster in enumerate(wave):
            _known(cluster, workers, (*at, n, m), "workers")
            if cluster in seen:
                raise ContradictionError((*at, n, m), f"{cluster} is in two waves", "each work cluster once")
            seen.add(cluster)
    if values and (missing := [worker for worker in workers if worker not in seen]):
        raise ContradictionError(at, f"{missing[0]} is in no wave", "each work cluster once")
    if len(values) > 1 and not repository.per_cluster:
        raise ContradictionError(
            at, "the clusters share a folder, which one commit moves", "repository.path with {cluster}"
        )
    if values and mesh and mesh.leader not in values[0]:
        turn = next(n for n, wave in enumerate(values) if mesh.leader in wave)
        raise ContradictionError(
            (*at, turn),
            f"{mesh.leader} leads mesh {mesh.name}: its routes steer every work cluster, and they are not in wave 1",
            f"{mesh.leader} in the first wave",
        )
    return tuple(tuple(wave) for wave in values)


def _repository(values: Mapping[str, Any]) -> model.Repository:
    try:
        password = urlsplit(values["url"]).password
    except ValueError:
        raise ContradictionError(_at("repository", "url"), "it is not a URL", "one as https://host/path") from None
    if password is not None or (values["url"].startswith(("http://", "https://")) and "@" in values["url"]):
        raise ContradictionError(
            _at("repository", "url"),
            "the URL holds credentials",
            "them under credentials",
        )
    if found := set(values["url"]) & _PATTERN:
        raise ContradictionError(
            _at("repository", "url"),
            f"Argo CD reads {' '.join(sorted(found))} in an AppProject's repositories as a pattern",
            "the URL of one repository",
        )
    if values["kind"] == "rendered" and "{service}" in values["path"]:
        raise ContradictionError(
            _at("repository", "path"), "every rendered service has a folder of its own below the path", "no {service}"
        )
    credentials = values.get("credentials")
    return model.Repository(
        url=values["url"],
        branch=values["branch"],
        kind=values["kind"],
        path=values["path"],
        credentials=_credentials(credentials) if credentials else None,
        exact=values["exact"],
        commit=_commit(values.get("commit", {})),
    )


def _credentials(values: Mapping[str, Any]) -> model.Credentials:
    return model.Credentials(
        username=values.get("username", ""),
        password=values.get("password", ""),
        ssh_key=values.get("sshKey", ""),
        known_hosts=values.get("knownHosts", ""),
        ca_file=values.get("caFile", ""),
    )


def _commit(values: Mapping[str, Any]) -> model.Commit:
    return model.Commit(
        author=values.get("author", ""),
        message=values.get("message", ""),
        sign=values.get("sign", ""),
        signing_key=values.get("signingKey", ""),
    )


def _service(name: str, values: Mapping[str, Any], kind: str, *, shared: bool) -> model.Service:
    pointer = _at("services", name)
    if kind == "adopted":
        for key in ("template", "parameters"):
            if values.get(key):
                expected = "version, fields and managedRoutes"
                raise ContradictionError((*pointer, key), f"an adopted service has no {key}", expected)
    elif "template" not in values:
        raise ContradictionError(
            pointer, "template is missing", "the folder in rollout_templates that renders the service"
        )
    elif values["managedRoutes"]:
        raise ContradictionError((*pointer, "managedRoutes"), "the template of a rendered service names its routes")
    elif values.get("fields"):
        raise ContradictionError((*pointer, "fields"), "the files of a rendered service are written whole")
    fields = tuple(_field(field, (*pointer, "fields", i)) for i, field in enumerate(values.get("fields", ())))
    for i, field in enumerate(fields):
        if not shared and field.value.startswith("/") and field.kind in ("helm", "path"):
            what = "a file that clusters share moves them at once, and the stack has waves"
            raise ContradictionError((*pointer, "fields", i), what, "a file below repository.path")
    return model.Service(
        name=name,
        version=values.get("version"),
        template=values.get("template"),
        parameters=dict(values["parameters"]),
        managed_routes=tuple(values["managedRoutes"]),
        fields=fields,
    )


def _field(values: Mapping[str, str], pointer: Pointer) -> Field:
    try:
        return field_of(values, "")
    except BadInputError as error:
        raise ContradictionError(pointer, error.what, error.expected) from None
