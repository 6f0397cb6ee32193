"""The GitOps side of a stack in Argo CD: a project, the repository's credentials, one Application a work cluster.

Destroying deletes the Applications first and waits until Argo CD's finalizer has removed what they deployed; Argo CD
needs the project, the credentials and the namespace for that, so those go afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from meshroll.components import objects
from meshroll.components._base import Component, secret_data
from meshroll.gitops.git import key_text
from meshroll.release.applied import ApplicationNeeds, is_built
from meshroll.release.stack import application_name
from meshroll.settings.model import Credentials, Repository, Stack

API_VERSION = "argoproj.io/v1alpha1"
CASCADE = "resources-finalizer.argocd.argoproj.io"
# ApplyOutOfSyncOnly keeps a sync from touching what differs only by ignored fields; RespectIgnoreDifferences is left
# out on purpose: for custom resources it would copy whole route lists from the cluster over Git's.
SYNC_OPTIONS = ("ApplyOutOfSyncOnly=true", "CreateNamespace=false")


def project_spec(stack: Stack, needs: Mapping[str, ApplicationNeeds]) -> dict[str, Any]:
    """The AppProject's spec: this repository, these clusters, their objects' namespaces and kinds.

    Nothing cluster-wide: without a list of cluster-wide kinds Argo CD admits none.
    """
    namespace = stack.delivery.namespace
    kinds = sorted({kind for cluster in stack.workers for kind in needs[cluster].kinds})
    return {
        "description": f"made by meshroll for stack {stack.name}",
        "sourceRepos": [stack.repository.url],
        "destinations": [
            {"name": cluster, "namespace": name}
            for cluster in stack.workers
            for name in (namespace, *needs[cluster].namespaces)
        ],
        "namespaceResourceWhitelist": [
            {"group": group, "kind": kind} for kind, _, group in (name.partition(".") for name in kinds)
        ],
    }


def sync_options(stack: Stack) -> list[str]:
    """The options that every Application has, and the stack's own, which take the place of one of the same name."""
    own = {option.partition("=")[0] for option in stack.argocd.sync_options}
    usual = [option for option in SYNC_OPTIONS if option.partition("=")[0] not in own]
    return [*usual, *stack.argocd.sync_options]


def application_spec(stack: Stack, cluster: str, needs: ApplicationNeeds) -> dict[str, Any]:
    """The spec of one work cluster's Application."""
    argocd, repository = stack.argocd, stack.repository
    automated = {"prune": argocd.prune, "selfHeal": argocd.self_heal}
    return {
        "project": argocd.project,
        "source": {
            "repoURL": repository.url,
            "targetRevision": repository.branch,
            "path": repository.folder_for(cluster) or ".",
            **source_kind(stack),
        },
        "destination": {"name": cluster, "namespace": stack.delivery.namespace},
        "syncPolicy": {
            **({"automated": automated} if argocd.automated else {}),
            "syncOptions": sync_options(stack),
        },
        "ignoreDifferences": [dict(entry) for entry in needs.ignore_differences],
    }


def source_kind(stack: Stack) -> dict[str, Any]:
    """Plain files, all of them; where a field is in a kustomization or in Helm values, Argo CD finds out itself."""
    return {} if is_built(stack) else {"directory": {"recurse": True}}


class ArgoApplication(Component):
    """AppProject, credentials and Applications of a stack; `applications` holds the resources by cluster."""

    def __init__(
        self,
        name: str,
        stack: Stack,
        provider: kubernetes.Provider,
        needs: Mapping[str, ApplicationNeeds],
        *,
        after: Sequence[pulumi.Resource] = (),
    ) -> None:
        super().__init__(name, after=after)
        namespace = stack.argocd.namespace
        before: list[pulumi.Resource] = [
            kubernetes.apiextensions.CustomResource(
                self.child_name("project"),
                api_version=API_VERSION,
                kind="AppProject",
                metadata={"name": stack.argocd.project, "namespace": namespace},
                spec=project_spec(stack, needs),
                opts=self.child_options(provider),
            )
        ]
        if stack.repository.credentials and _access_data(stack.repository.credentials):
            before.append(self._credentials(stack, stack.repository, stack.repository.credentials, provider))
        # No skipAwait annotation: for a custom resource the official plug-in waits for no health anyway, and the
        # annotation would keep a destroy from waiting for the finalizer.
        self.applications: Mapping[str, pulumi.Resource] = {
            cluster: kubernetes.apiextensions.CustomResource(
                self.child_name("application", cluster),
                api_version=API_VERSION,
                kind="Application",
                metadata={
                    "name": application_name(stack, cluster),
                    "namespace": namespace,
                    "finalizers": [CASCADE],
                },
                spec=application_spec(stack, cluster, needs[cluster]),
                opts=self.child_options(provider, after=before),
            )
            for cluster in stack.workers
        }
        self.names = {cluster: application_name(stack, cluster) for cluster in stack.workers}
        self.register_outputs({"applications": self.names})

    def _credentials(
        self, stack: Stack, repository: Repository, credentials: Credentials, provider: kubernetes.Provider
    ) -> pulumi.Resource:
        return objects.secret(
            self.child_name("repository"),
            {
                "name": f"{stack.argocd.project}-repository",
                "namespace": stack.argocd.namespace,
                "labels": {"argocd.argoproj.io/secret-type": "repository"},
            },
            secret_data(
                {
                    "type": "git",
                    "url": repository.url,
                    "project": stack.argocd.project,
                    **_access_data(credentials),
                }
            ),
            self.child_options(provider),
        )


def _access_data(credentials: Credentials) -> dict[str, str]:
    """Argo CD's names for what opens a repository; which hosts and authorities it trusts are settings of its own."""
    if credentials.password:
        return {"username": credentials.username, "password": credentials.password}
    return {"sshPrivateKey": key_text(credentials.ssh_key)} if credentials.ssh_key else {}
