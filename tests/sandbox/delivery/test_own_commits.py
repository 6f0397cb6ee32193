"""What `pulumi up` committed is its own, however the run ended; and it waits for its own commit and no other."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from meshroll.demo.project import Project
from meshroll.sandbox import Sandbox
from tests.support.git.repositories import Repository
from tests.support.sandbox.cluster import until
from tests.support.sandbox.stacks import PROVIDER, Made, Object, derive, running, without_mesh
from tests.support.sandbox.watching import SECONDS, phase, rollout

IMAGE = f"/services/{PROVIDER}/parameters/image"
REAL = "registry.example/mspider/spring-dubbo3-provider:v0.2"
NOBODY = "registry.example/mspider/nobody:v0.2"  # the sandbox has no program for it: it cannot be pulled
QUICK: list[Object] = [{"setWeight": 50}, {"pause": {"duration": "1s"}}]


@pytest.fixture(scope="module")
def known(project: Project) -> Iterator[Made]:
    stack = derive(project, "sandbox", "own")
    without_mesh(stack)
    stack.remove("/services/dubbo3-consumer")
    stack.put(f"/services/{PROVIDER}/parameters/steps", QUICK)
    stack.put("/delivery/wait", "finished")
    with running(stack):
        yield stack


@pytest.fixture
def stack(known: Made) -> Made:
    """The stack with a version of the test's own, which serves all."""
    known.put(IMAGE, REAL)
    known.put("/delivery/timeout", "240s")
    known.put("/delivery/onHeld", "error")  # a service held back fails the test
    released(known)
    assert (phase(known), pod_version(known)) == ("Healthy", wished(known))
    return known


def released(stack: Made) -> str:
    """Ask for a version that nobody has had, and bring it up; what was said."""
    up_another_version(stack)
    return stack.up()


def up_another_version(stack: Made) -> str:
    version = f"v{secrets.token_hex(4)}"
    stack.put(f"/services/{PROVIDER}/version", version)
    return version


def wished(stack: Made) -> str | None:
    return next(service.version for service in stack.settings.services if service.name == PROVIDER)


def pod_version(stack: Made) -> str:
    return str(rollout(stack)["spec"]["template"]["metadata"]["labels"]["version"])


def file_of(stack: Made) -> str:
    return f"{stack.name}/worker-1/{PROVIDER}/rollout.yaml"


def release_in_state(stack: Made) -> Object:
    (release,) = [resource for resource in stack.state() if resource["type"] == "meshroll:index:Release"]
    return release


def expect_served(stack: Made, rollouts: Repository) -> None:
    """Git, state, outputs and the cluster agree on the version of the stack file, and nothing is left to do."""
    version = wished(stack)
    assert f"version: {version}\n" in rollouts.read(file_of(stack))
    known = {"commit": rollouts.head(), "versions": {PROVIDER: version}}
    assert release_in_state(stack)["outputs"] == known
    assert stack.outputs()["release"] == {stack.application: known}
    assert (phase(stack), pod_version(stack)) == ("Healthy", version)
    stack.pulumi("preview", "--expect-no-changes")


@contextmanager
def up_in_background(stack: Made) -> Iterator[subprocess.Popen[str]]:
    command = [
        "pulumi",
        "--non-interactive",
        "--color",
        "never",
        "up",
        "--yes",
        "--skip-preview",
        "--stack",
        stack.name,
    ]
    process = subprocess.Popen(
        command,
        cwd=stack.project.folder,
        env=dict(stack.environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_an_image_that_cannot_be_pulled_is_left_behind_by_the_next_version(stack: Made, rollouts: Repository) -> None:
    stack.put(IMAGE, NOBODY)
    stack.put("/delivery/timeout", "5s")
    bad = up_another_version(stack)
    said = stack.up(fails=True)
    assert "and the 5 s of delivery.timeout are over" in said
    # What was committed is known all the same, and waited for again by the next run without a change.
    head = rollouts.head()
    assert release_in_state(stack)["outputs"] == {"commit": head, "versions": {PROVIDER: bad}}
    assert "and the 5 s of delivery.timeout are over" in stack.up(fails=True)
    assert rollouts.head() == head

    stack.put(IMAGE, REAL)
    stack.put("/delivery/timeout", "240s")
    released(stack)
    expect_served(stack, rollouts)


def test_a_run_that_was_killed_after_its_commit_is_gone_on_from(
    stack: Made, rollouts: Repository, whole: Sandbox
) -> None:
    whole.stop("argocd/application-controller")
    before, first = rollouts.head(), up_another_version(stack)
    with up_in_background(stack) as process:
        until(lambda: rollouts.head() != before, "the commit is made", SECONDS)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert release_in_state(stack)["outputs"]["versions"] != {PROVIDER: first}
    whole.up()
    stack.pulumi("cancel", "--yes")  # as Pulumi's own message about the lock says
    second = up_another_version(stack)
    stack.up()
    assert rollouts.log()[:2] == [f"Release {PROVIDER} {first} -> {second}", rollouts.log()[1]]
    expect_served(stack, rollouts)


def test_another_release_that_comes_first_ends_the_wait_with_its_author(
    stack: Made, rollouts: Repository, whole: Sandbox
) -> None:
    whole.stop("argocd/application-controller")
    before, ours = rollouts.head(), up_another_version(stack)
    with up_in_background(stack) as process:
        until(lambda: rollouts.head() != before, "the commit is made", SECONDS)
        text = rollouts.read(file_of(stack)).replace(f"version: {ours}\n", "version: theirs\n")
        theirs = rollouts.commit("hotfix", write={file_of(stack): text})
        whole.up()
        said, _ = process.communicate(timeout=SECONDS * 3)
        assert process.returncode != 0
    assert (
        f"Application {stack.application} is at {theirs[:8]}: "
        f"{PROVIDER} theirs came instead of {ours}: Ada in {theirs[:12]} (hotfix)"
    ) in said
    assert release_in_state(stack)["outputs"] == {"commit": theirs, "versions": {PROVIDER: "theirs"}}

    # The way that the warning of the next run names leads to a release again.
    assert "`meshroll set --from-git" in stack.up(fails=True)
    stack.meshroll("set", "--from-git", PROVIDER, "-s", stack.name)
    stack.up()
    released(stack)
    expect_served(stack, rollouts)


def test_another_version_edited_in_the_cluster_does_not_end_the_wait(stack: Made) -> None:
    stack.put("/delivery/timeout", "10s")
    worker, argocd = stack.worker, stack.host
    without_healing = {"spec": {"syncPolicy": {"automated": {"selfHeal": False}}}}
    argocd.patch("argoproj.io/v1alpha1", "Application", stack.application, "argocd", without_healing, field_manager="t")
    labels = {"spec": {"template": {"metadata": {"labels": {"version": "by-hand"}}}}}
    worker.patch("argoproj.io/v1alpha1", "Rollout", PROVIDER, stack.namespace, labels, field_manager="somebody")
    said = stack.up(fails=True)
    assert "nothing to commit, but not delivered: " in said
    assert f"Application {stack.application} is OutOfSync at " in said
    assert f": Rollout {PROVIDER}, and the 10 s of delivery.timeout are over" in said
    healing = {"spec": {"syncPolicy": {"automated": {"selfHeal": True}}}}
    argocd.patch("argoproj.io/v1alpha1", "Application", stack.application, "argocd", healing, field_manager="t")
    stack.put("/delivery/timeout", "240s")
    stack.up()
    assert pod_version(stack) == wished(stack)
