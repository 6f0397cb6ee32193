"""The cluster behind a provider's settings: a kubeconfig as a path or as text, and one of its contexts."""

from __future__ import annotations

from kubernetes import config
from kubernetes.config.config_exception import ConfigException

from meshroll.kube import Kube
from meshroll.sandbox.pulumi.kubernetes.settings import Settings, content


def connect(settings: Settings) -> Kube:
    """The cluster of a provider's settings. Nothing is sent yet. Raises BadInputError."""
    return Kube.connect(content(settings.kubeconfig) or settings.kubeconfig or None, settings.context or None)


def context_namespace(settings: Settings) -> str:
    """The namespace that the kubeconfig's context names; empty where it names none."""
    document = content(settings.kubeconfig)
    if document is None:
        try:
            contexts, current = config.list_kube_config_contexts(settings.kubeconfig or None)
        except ConfigException:  # no context is the current one; which one counts is said when it is used
            return ""
    else:
        contexts, current = document["contexts"], {"name": document.get("current-context")}
    name = settings.context or current["name"]
    return next((str(item["context"].get("namespace") or "") for item in contexts if item["name"] == name), "")
