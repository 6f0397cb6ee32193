"""Bad input under the real Pulumi: one clear sentence, and nothing was changed anywhere."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from meshroll.demo.project import Project
from meshroll.sandbox import Sandbox
from tests.support.git.repositories import Repository
from tests.support.processes import listens
from tests.support.sandbox.cluster import until
from tests.support.sandbox.stacks import CONSUMER, PROVIDER, Made, derive, without_mesh
from tests.support.sandbox.watching import ARGO, SECONDS

STEPS = f"/services/{PROVIDER}/parameters/steps"
OWN_TYPES = ("pulumi:", "meshroll:index:")


@pytest.fixture(scope="module")
def known(project: Project, rollouts: Repository) -> Iterator[Made]:
    """A stack that was never up, beside a repository that has a branch."""
    if not rollouts.git("for-each-ref"):
        rollouts.commit("first", write={"README": "rollouts\n"})
    stack = derive(project, "sandbox", "bad")
    without_mesh(stack)
    stack.init()
    yield stack
    stack.take_away()


@pytest.fixture
def stack(known: Made, rollouts: Repository) -> Iterator[Made]:
    """For a test that gives it bad input: nothing may have changed in Git, in a cluster or in Pulumi's state."""
    text, refs = known.file.read_text(), rollouts.git("for-each-ref")
    yield known
    known.file.write_text(text)
    assert rollouts.git("for-each-ref") == refs
    assert known.host.get(ARGO, "AppProject", known.name, "argocd") is None
    assert known.host.get(ARGO, "Application", known.application, "argocd") is None
    assert known.worker.get("v1", "Namespace", known.namespace) is None
    assert [made["type"] for made in known.state() if not made["type"].startswith(OWN_TYPES)] == []


def refusal(stack: Made) -> str:
    """The one error that `pulumi up` shows, the stack file by its bare name and without line."""
    said = stack.pulumi("up", "--yes", fails=True)
    assert "Traceback" not in said
    shown = said.partition("Diagnostics:\n")[2].partition("Resources:")[0] or said
    first, *more = [line.strip() for line in shown.splitlines() if line.strip() and not line.endswith("):")]
    assert more == []
    return first.removeprefix("error: ")


@pytest.mark.parametrize(
    ("pointer", "value", "sentence"),
    [
        pytest.param("/nonsense", 1, "unknown key meshroll:nonsense: did you mean meshroll:mesh?", id="unknown key"),
        pytest.param(
            f"/services/{PROVIDER}/version",
            "v 2",
            "the version 'v 2' cannot be the value of a label; expected 1 to 63 letters, digits, '-', '_' or '.', "
            "with a letter or digit at both ends",
            id="version that a label cannot hold",
        ),
        pytest.param(
            STEPS,
            [{"setWeight": 101}],
            "101 is above 100; expected a whole number between 1 and 100",
            id="weight 101",
        ),
    ],
)
def test_a_wrong_value_of_the_stack_is_named_with_its_place(
    stack: Made, pointer: str, value: object, sentence: str
) -> None:
    stack.put(pointer, value)
    file, _, rest = refusal(stack).partition(":")
    assert file == f"stacks/Pulumi.{stack.name}.yaml"
    line, place, problem = rest.split(maxsplit=2)
    assert line.isdigit()
    assert place.startswith(f"/config/meshroll:{pointer.removeprefix('/')}")
    assert problem == sentence


def test_two_services_of_one_name(stack: Made) -> None:
    text = stack.file.read_text()
    stack.file.write_text(text.replace(f"    {CONSUMER}:\n", f"    {PROVIDER}:\n"))
    assert f'mapping key "{PROVIDER}" already defined at line ' in stack.pulumi("up", "--yes", fails=True)
    said = stack.meshroll("config", "-s", stack.name, fails=True)
    assert f"/config/meshroll:services/{PROVIDER}: {PROVIDER} occurs twice, first on line " in said
    assert said.count("\n") == 1


def test_a_repository_that_does_not_exist(stack: Made) -> None:
    stack.put("/repository/url", "file:///nowhere/rollouts.git")
    assert refusal(stack).endswith(": repository file:///nowhere/rollouts.git: there is no such repository")


def test_a_branch_that_does_not_exist_in_a_repository_that_has_others(stack: Made) -> None:
    url = stack.settings.repository.url
    stack.put("/repository/branch", "elsewhere")
    sentence = f": repository {url}: there is no branch elsewhere; expected one of its branches: main"
    assert refusal(stack).endswith(sentence)


def test_a_context_behind_which_another_cluster_stands(stack: Made) -> None:
    uids = [uid_of(kube.get("v1", "Namespace", "kube-system")) for kube in (stack.host, stack.worker)]
    stack.put("/clusters/worker-1/uid", uids[0])
    assert refusal(stack) == (
        f"cluster worker-1: behind context worker-1 stands another cluster: uid {uids[1]}; expected {uids[0]}"
    )


def uid_of(found: dict | None) -> str:
    assert found is not None
    return str(found["metadata"]["uid"])


def test_a_worker_without_argo_rollouts(stack: Made) -> None:
    stack.put("/clusters/worker-1/context", "host")
    assert refusal(stack) == (
        "cluster worker-1: the cluster has no rollouts.argoproj.io; expected Argo Rollouts installed there"
    )


def test_a_worker_that_cannot_be_reached(stack: Made, whole: Sandbox) -> None:
    (pid,) = [row.pid for row in whole.status() if row.name == "worker-1/kube-apiserver"]
    assert pid is not None
    server = whole.site.server("worker-1")
    os.kill(pid, signal.SIGKILL)
    # Until the kernel is done with it, it accepts connections.
    until(
        lambda: not listens("127.0.0.1", whole.site.port("worker-1/kube-apiserver", "https")), "nobody listens", SECONDS
    )
    said = refusal(stack)
    whole.up()
    assert said == f"cluster worker-1: {server} cannot be reached ([Errno 111] Connection refused)"
