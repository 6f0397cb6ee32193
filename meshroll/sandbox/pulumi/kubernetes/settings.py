"""The plug-in's configuration: what of it is served, and whether a change of it replaces what was made through it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from meshroll.errors import BadInputError
from meshroll.sandbox.pulumi.kubernetes.diff import Mutable
from meshroll.sandbox.pulumi.kubernetes.values import has_unknown

SERVED = frozenset(
    {
        "clusterIdentifier",
        "context",
        "enableConfigMapMutable",
        "enablePatchForce",
        "enableSecretMutable",
        "enableServerSideApply",
        "kubeClientSettings",  # tunes the official plug-in's client, changes no object
        "kubeconfig",
        "namespace",
        "suppressDeprecationWarnings",
        "suppressHelmHookWarnings",
        "upsertExistingObjects",
    }
)
ENGINE_KEYS = frozenset({"version", "pluginDownloadURL"})


@dataclass(frozen=True)
class Settings:
    """One cluster and how to write to it."""

    kubeconfig: str = ""
    context: str = ""
    namespace: str = ""
    mutable: Mutable = field(default_factory=Mutable)
    force: bool = False
    upsert: bool = False


def parse(values: Mapping[str, Any], environ: Mapping[str, str]) -> Settings:
    """The settings of provider inputs, each with the official plug-in's environment variable as its default."""

    def text(key: str) -> str:
        return str(values.get(key) or "")

    def switch(key: str, variable: str) -> bool:
        return str(values.get(key, environ.get(f"PULUMI_K8S_{variable}", ""))).lower() == "true"

    return Settings(
        kubeconfig=text("kubeconfig"),
        context=text("context"),
        namespace=text("namespace"),
        mutable=Mutable(
            secrets=switch("enableSecretMutable", "ENABLE_SECRET_MUTABLE"),
            config_maps=switch("enableConfigMapMutable", "ENABLE_CONFIGMAP_MUTABLE"),
        ),
        force=switch("enablePatchForce", "ENABLE_PATCH_FORCE"),
        upsert=switch("upsertExistingObjects", "UPSERT_EXISTING_OBJECTS"),
    )


def unserved(values: Mapping[str, Any]) -> list[str]:
    """The provider inputs that ask for something the stand-in cannot do."""
    keys = [key for key in values if key not in SERVED | ENGINE_KEYS and not key.startswith("__")]
    if str(values.get("enableServerSideApply", "true")).lower() == "false":
        keys.append("enableServerSideApply=false")
    return keys


def changed(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """The names of the inputs that differ."""
    keys = [*old, *(key for key in new if key not in old)]
    return [key for key in keys if not key.startswith("__") and key not in ENGINE_KEYS and old.get(key) != new.get(key)]


def replaces(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Whether the new inputs mean another cluster, so that everything made through the old ones is made again.

    With a clusterIdentifier only its change counts; without one, the kubeconfig's active cluster is compared.
    """
    if old.get("clusterIdentifier") and new.get("clusterIdentifier"):
        return bool(old["clusterIdentifier"] != new["clusterIdentifier"])
    if has_unknown(new.get("kubeconfig")):
        return True
    before, after = _active_cluster(old), _active_cluster(new)
    return before is not None and after is not None and before != after


def content(kubeconfig: str) -> dict[str, Any] | None:
    """The kubeconfig given as text, or None when it is a path (or empty). Raises BadInputError."""
    if not kubeconfig or ("\n" not in kubeconfig and not kubeconfig.lstrip().startswith("{")):
        return None
    try:
        document = yaml.safe_load(kubeconfig)
    except yaml.YAMLError:
        document = None
    if not isinstance(document, dict):
        # The text holds credentials, so neither it nor the parser's excerpt of it may be shown.
        raise BadInputError("the provider's kubeconfig is not valid YAML", expected="a kubeconfig or a path to one")
    return document


def _active_cluster(values: Mapping[str, Any]) -> object:
    kubeconfig = str(values.get("kubeconfig") or "")
    try:
        document = content(kubeconfig) or yaml.safe_load(Path(kubeconfig).expanduser().read_text())
        context = str(values.get("context") or document["current-context"])
        contexts = {item["name"]: item["context"] for item in document["contexts"]}
        return next(item["cluster"] for item in document["clusters"] if item["name"] == contexts[context]["cluster"])
    except (BadInputError, OSError, yaml.YAMLError, KeyError, TypeError, StopIteration):
        return None
