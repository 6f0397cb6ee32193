"""Which resource types the stand-in serves; for everything else it names the official plug-in.

Served are the kinds that the project's components use: Namespace, Secret and ConfigMap, any custom resource, and
Service to read. Other built-in kinds want the official plug-in's knowledge of when they are ready.
"""

from __future__ import annotations

from dataclasses import dataclass

from meshroll.errors import BadInputError

BUILT_IN_GROUPS = frozenset(
    {
        "admissionregistration.k8s.io",
        "apiextensions.k8s.io",
        "apiregistration.k8s.io",
        "apps",
        "auditregistration.k8s.io",
        "authentication.k8s.io",
        "authorization.k8s.io",
        "autoscaling",
        "batch",
        "certificates.k8s.io",
        "coordination.k8s.io",
        "core",
        "discovery.k8s.io",
        "events.k8s.io",
        "extensions",
        "flowcontrol.apiserver.k8s.io",
        "helm.sh",
        "internal.apiserver.k8s.io",
        "kustomize",
        "meta",
        "networking.k8s.io",
        "node.k8s.io",
        "policy",
        "rbac.authorization.k8s.io",
        "resource.k8s.io",
        "scheduling.k8s.io",
        "settings.k8s.io",
        "storage.k8s.io",
        "storagemigration.k8s.io",
        "yaml",
    }
)
WRITABLE = frozenset({"Namespace", "Secret", "ConfigMap"})
READABLE = WRITABLE | {"Service"}
CLUSTER_WIDE = frozenset({"Namespace"})


@dataclass(frozen=True)
class Kind:
    """A kind as the API server names it: apiVersion `v1` or `group/version`."""

    api_version: str
    name: str

    @property
    def group(self) -> str:
        """The API group; empty for the core kinds."""
        return group_of(self.api_version)


def group_of(api_version: object) -> str:
    """The group of an apiVersion; empty for the core kinds."""
    return str(api_version).rpartition("/")[0]


def parse(token: str, *, official: str, write: bool) -> Kind:
    """The kind that a type token such as `kubernetes:core/v1:Secret` stands for.

    Raises BadInputError when the stand-in does not serve it; `official` says how to get the plug-in that does.
    """
    token = token.rpartition("$")[2]  # a child's type comes with its parents' before it
    package, _, rest = token.partition(":")
    module, _, name = rest.rpartition(":")
    group, slash, version = module.partition("/")
    if package != "kubernetes" or not slash or not version or not name:
        raise unsupported(f"the type {token}", official)
    if name.endswith(("Patch", "List")):
        raise unsupported(f"the type {token}", official)
    if group not in BUILT_IN_GROUPS:
        return Kind(module, name)
    if group != "core" or version != "v1" or name not in (WRITABLE if write else READABLE):
        what = "writing " if write and group == "core" and name in READABLE else ""
        raise unsupported(f"{what}the type {token}", official)
    return Kind(version, name)


def unsupported(what: str, official: str) -> BadInputError:
    """The one sentence for everything the stand-in leaves to the official plug-in."""
    return BadInputError(f"the sandbox's stand-in for the kubernetes plug-in does not serve {what}", expected=official)
