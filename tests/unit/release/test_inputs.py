"""A Release's inputs: read whole, or refused in one sentence with its place."""

from __future__ import annotations

from typing import Any

import pytest

from meshroll.errors import BadInputError
from meshroll.gitops.git import Remote
from meshroll.gitops.plans import Edit
from meshroll.manifests.lint import Options, Waiver
from meshroll.release.inputs import Argo, Mesh, ReleaseInputs, Service, read_inputs, significant
from meshroll.settings.model import Cluster

WHOLE: dict[str, Any] = {
    "stack": "prod",
    "repository": {
        "url": "https://git.example/r.git",
        "branch": "live",
        "credentials": {"username": "robot", "password": "p"},
    },
    "path": "clusters/w",
    "namespace": "shop",
    "services": [
        {"name": "a", "version": "v1", "template": "weight", "parameters": {"port": 80}},
        {"name": "watched"},
    ],
    "argocd": {
        "cluster": {"name": "host", "context": "host", "uid": "1"},
        "namespace": "argocd",
        "applications": ["shop-w"],
    },
    "workers": [{"name": "w", "kubeconfig": "/k"}],
    "mesh": {"host": {"name": "host", "context": "host"}, "leader": {"name": "w", "kubeconfig": "/k"}},
    "wait": "step",
    "timeoutSeconds": 90,
    "edits": [{"file": "f", "pointer": "/0/a", "old": "", "new": "1"}],
}


def test_everything_is_read_and_services_without_a_version_are_left_alone() -> None:
    assert read_inputs(WHOLE) == ReleaseInputs(
        stack="prod",
        remote=Remote("https://git.example/r.git", "live", "robot", "p"),
        path="clusters/w",
        namespace="shop",
        services=(Service("a", "v1", "weight", {"port": 80}),),
        argocd=Argo(Cluster("host", "host", None, "1"), "argocd", ("shop-w",)),
        workers=(Cluster("w", None, "/k", None),),
        wait="step",
        timeout_seconds=90,
        edits=(Edit("f", "/0/a", "", "1"),),
        mesh=Mesh(Cluster("host", "host", None, None), Cluster("w", None, "/k", None)),
    )


def test_inputs_of_an_older_release_name_no_cluster_of_argo_cd_and_no_mesh() -> None:
    older = {**WHOLE, "argocd": {"cluster": {"context": "host"}, "applications": ["shop-w"]}, "mesh": None}
    inputs = read_inputs(older)
    assert inputs.argocd == Argo(Cluster("argocd", "host", None, None), "argocd", ("shop-w",))
    assert (inputs.mesh, inputs.on_held) == (None, "warn")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"stack": None}, "stack: it is missing; expected a string"),
        ({"path": 3}, "path: it is no string; expected a string"),
        ({"repository": {"branch": "main"}}, "repository.url: it is missing; expected a string"),
        ({"services": {}}, "services: it is no list; expected a list"),
        ({"services": ["a"]}, "services[0]: it is no mapping; expected a mapping"),
        (
            {"services": [{"name": "a", "version": 1}]},
            "services[0].version: it is no string; expected a string",
        ),
        (
            {"services": [{"name": "a", "version": "1", "template": "t"}] * 2},
            "services: there are two services a; expected each name once",
        ),
        ({"wait": "soon"}, "wait: 'soon' is no state to wait for; expected committed, synced, step, finished"),
        ({"argocd": None}, "argocd: nothing tells when the release is step; expected Argo CD's cluster"),
        ({"workers": []}, "argocd.applications: they do not match the workers; expected one for each worker"),
        ({"mesh": {"host": {"name": "h"}}}, "mesh.leader: it is no mapping; expected a mapping"),
        ({"onHeld": "stop"}, "onHeld: 'stop' is unknown; expected warn or error"),
        ({"lint": {"gatewayPorts": [0]}}, "lint.gatewayPorts: [0] is not a list of ports; expected numbers above 0"),
        ({"lint": {"waive": ["x"]}}, "lint.waive: it is no mapping; expected a mapping"),
        ({"timeoutSeconds": True}, "timeoutSeconds: it is no whole number; expected a whole number"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadInputError) as caught:
        read_inputs({**WHOLE, **change})
    assert str(caught.value) == sentence


def test_ports_that_the_engine_sends_as_fractions_are_whole_numbers() -> None:
    waiver = {"rule": "gateway-port", "reason": "it is open"}
    inputs = read_inputs({**WHOLE, "lint": {"gatewayPorts": [80.0, 443], "waive": [waiver]}})
    assert inputs.lint == Options((80, 443), (Waiver("gateway-port", "it is open"),))


def test_how_servers_are_reached_is_not_significant() -> None:
    moved = {
        **WHOLE,
        "repository": {"url": "https://git.example/r.git", "branch": "live", "credentials": {"password": "other"}},
        "argocd": {"cluster": {"context": "other"}, "applications": ["shop-w"]},
        "workers": [{"name": "w", "kubeconfig": "/elsewhere"}],
        "wait": "finished",
        "timeoutSeconds": 1,
        "edits": [],
    }
    assert significant(moved) == significant(WHOLE)
    assert significant({**WHOLE, "path": "clusters/x"}) != significant(WHOLE)
    adopted = {**WHOLE["repository"], "kind": "adopted"}
    assert significant({**WHOLE, "repository": adopted}) != significant(WHOLE)
