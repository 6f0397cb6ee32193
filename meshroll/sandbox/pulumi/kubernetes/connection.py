"""The cluster behind a provider's settings: a kubeconfig as a path or as text, and one of its contexts."""

from __future__ import annotations

from kubernetes import config
from kubernetes.client import ApiClient, Configuration
from kubernetes.config.config_exception import ConfigException

from meshroll.errors import BadInputError
from meshroll.kube import Kube
from meshroll.sandbox.pulumi.kubernetes.settings import Settings, content


def connect(settings: Settings) -> Kube:
    """The cluster of a provider's settings. Nothing is sent yet. Raises BadInputError."""
    document = content(settings.kubeconfig)
    context = settings.context or None
    if document is None:
        return Kube.connect(settings.kubeconfig or None, context, settings.context)
    configuration = Configuration()
    try:
        config.load_kube_config_from_dict(document, context=context, client_configuration=configuration)
    except ConfigException as error:
        where = f"cluster {settings.context or 'of the current context'}"
        raise BadInputError(str(error), where=where, expected="a kubeconfig that holds the context") from error
    configuration.retries = False
    return Kube(ApiClient(configuration), settings.context or configuration.host)


def context_namespace(settings: Settings) -> str:
    """The namespace that the kubeconfig's context names; empty where it names none."""
    document = content(settings.kubeconfig)
    if document is None:
        contexts, current = config.list_kube_config_contexts(settings.kubeconfig or None)
    else:
        contexts, current = document["contexts"], {"name": document.get("current-context")}
    name = settings.context or current["name"]
    return next((str(item["context"].get("namespace") or "") for item in contexts if item["name"] == name), "")
