"""Unchanged means serving: what was deleted by hand is noticed before a commit and when there is nothing to commit."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

from meshroll.demo.project import Project
from meshroll.sandbox import Sandbox
from tests.support.git.repositories import Repository
from tests.support.sandbox.cluster import until
from tests.support.sandbox.stacks import CONSUMER, PROVIDER, Made, derive, running, wait_for_people
from tests.support.sandbox.watching import ARGO, NETWORKING, SECONDS, phase, weights


@pytest.fixture(scope="module")
def known(project: Project) -> Iterator[Made]:
    stack = derive(project, "sandbox", "unchanged")
    wait_for_people(stack)
    with running(stack):
        yield stack


@pytest.fixture
def stack(known: Made) -> Made:
    """The stack, at rest: Git, state and clusters agree."""
    known.put("/delivery/timeout", "240s")
    known.pulumi("preview", "--expect-no-changes")
    return known


def ask_for_another_version(stack: Made) -> None:
    stack.put(f"/services/{PROVIDER}/version", f"v{secrets.token_hex(4)}")


def finish(stack: Made) -> None:
    stack.meshroll("promote", PROVIDER, "-s", stack.name, "--full")
    until(lambda: (phase(stack), weights(stack)) == ("Healthy", [100, 0]), "the canary has ended", SECONDS)


@pytest.mark.parametrize("changed", [False, True], ids=["the same version", "a new version"])
def test_an_application_deleted_by_hand_is_named_and_made_again_by_a_refresh(
    stack: Made, rollouts: Repository, changed: bool
) -> None:
    head = rollouts.head()
    stack.host.delete(ARGO, "Application", stack.application, "argocd")
    until(lambda: stack.host.get(ARGO, "Application", stack.application, "argocd") is None, "it is gone", SECONDS)
    if changed:
        ask_for_another_version(stack)
    sentence = (
        f"Application {stack.application} does not exist in namespace argocd of cluster host; "
        "expected `pulumi up --refresh`, which makes it again"
    )
    said = stack.up(fails=True)
    assert sentence in said
    assert ("nothing was committed" in said) == changed
    assert rollouts.head() == head

    stack.pulumi("up", "--yes", "--skip-preview", "--refresh")
    if changed:
        assert rollouts.log()[0].startswith(f"Release {PROVIDER} ")
        finish(stack)
    stack.up()
    stack.pulumi("preview", "--expect-no-changes")
    assert phase(stack) == "Healthy"


def test_a_namespace_deleted_by_hand_is_named_and_made_again_by_a_refresh(stack: Made, rollouts: Repository) -> None:
    head = rollouts.head()
    stack.worker.delete("v1", "Namespace", stack.namespace)
    ask_for_another_version(stack)
    said = stack.up(fails=True)
    assert f"namespace {stack.namespace} in cluster worker-1" in said
    assert "nothing was committed" in said
    assert rollouts.head() == head
    until(lambda: stack.worker.get("v1", "Namespace", stack.namespace) is None, "it is gone", SECONDS)
    assert f"there is no namespace {stack.namespace} in cluster worker-1; expected" in stack.up(fails=True)

    # The version of before: whether a new one begins with a canary depends on what Argo CD brings back first.
    stack.meshroll("set", "--from-git", PROVIDER, "-s", stack.name)
    stack.pulumi("up", "--yes", "--skip-preview", "--refresh")
    stack.up()
    stack.pulumi("preview", "--expect-no-changes")
    assert phase(stack) == "Healthy"


def test_the_wait_ends_once_the_control_plane_has_the_canarys_routes(stack: Made, whole: Sandbox) -> None:
    whole.stop("synchronizer")
    ask_for_another_version(stack)
    stack.put("/delivery/timeout", "20s")
    said = stack.up(fails=True)
    assert (
        f"the control plane's copy of VirtualService {PROVIDER} says 100/0 where worker-1 says 95/5; "
        f"the control plane's copy of DestinationRule {PROVIDER} is not as in worker-1 at "
        "/spec/subsets/1/labels/rollouts-pod-template-hash, and the 20 s of delivery.timeout are over"
    ) in said
    assert "1 to update" in stack.pulumi("preview")  # what was not delivered is not forgotten

    whole.up()
    stack.put("/delivery/timeout", "240s")
    stack.up()
    copy = stack.host.get(NETWORKING, "VirtualService", PROVIDER, stack.namespace)
    assert copy is not None
    assert [to["weight"] for to in copy["spec"]["http"][0]["route"]] == [95, 5]
    finish(stack)
    assert phase(stack, CONSUMER) == "Healthy"
