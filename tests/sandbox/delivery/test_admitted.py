"""A kind that would grant rights is applied from Git where the stack admits it, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from meshroll.demo.project import Project
from tests.support.git.repositories import Repository
from tests.support.sandbox.cluster import until
from tests.support.sandbox.stacks import Made, derive, running, without_mesh
from tests.support.sandbox.watching import SECONDS, application, sync_with_own_options, terminate_sync

RBAC = "rbac.authorization.k8s.io/v1"


@pytest.fixture
def stack(project: Project, rollouts: Repository) -> Iterator[Made]:
    """One that is up; its folder in Git then gets a RoleBinding that makes everybody an administrator."""
    made = derive(project, "sandbox", "admitted")
    without_mesh(made)
    with running(made):
        binding = {
            "apiVersion": RBAC,
            "kind": "RoleBinding",
            "metadata": {"name": "everybody", "namespace": made.namespace},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
            "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "system:authenticated"}],
        }
        path = f"{made.settings.repository.folder_for('worker-1')}/everybody.yaml"
        rollouts.commit("by hand", write={path: yaml.safe_dump(binding)})
        yield made


def binding(stack: Made) -> dict[str, Any] | None:
    return stack.worker.get(RBAC, "RoleBinding", "everybody", stack.namespace)


def refusals(stack: Made) -> list[str]:
    operation = application(stack).get("status", {}).get("operationState", {})
    results = operation.get("syncResult", {}).get("resources", [])
    return [each["message"] for each in results if each["kind"] == "RoleBinding"]


def test_a_role_binding_from_git_is_applied_once_the_stack_admits_it(stack: Made) -> None:
    refused = f"resource rbac.authorization.k8s.io:RoleBinding is not permitted in project {stack.name}"
    until(lambda: refusals(stack) == [refused], "Argo CD refuses the RoleBinding", SECONDS)
    assert binding(stack) is None
    terminate_sync(stack)  # it would be tried again later and later
    stack.put("/argocd/admit", {"kinds": ["RoleBinding.rbac.authorization.k8s.io"]})
    stack.put("/delivery/wait", "committed")  # the last sync has failed
    stack.up()
    sync_with_own_options(stack)
    until(lambda: binding(stack) is not None, "the RoleBinding is applied", SECONDS)
