"""A Release's properties: read whole, refused in one sentence with their place, and written back as they were."""

from __future__ import annotations

from typing import Any, cast, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshroll.errors import BadInputError
from meshroll.gitops.git import Remote, Style
from meshroll.gitops.plans import Edit
from meshroll.manifests.lint import Options, Waiver
from meshroll.release.inputs import ArgoApplications, MeshClusters, ReleaseInputs, RepositoryKind, VersionedService
from meshroll.release.properties import from_properties, significant, to_properties
from meshroll.settings.fields import Field
from meshroll.settings.model import Cluster, OnHeld, Wait
from tests.support.release import WHOLE

TEXT = st.text(st.characters(codec="ascii", categories=("L", "N", "P")), max_size=8)
NAME = st.from_regex(r"[a-z][a-z0-9-]{0,8}", fullmatch=True)
CLUSTERS = st.builds(Cluster, NAME, *(st.none() | NAME for _ in ("context", "kubeconfig", "uid")))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAME, inner, max_size=2),
    max_leaves=4,
)
FIELDS = st.sampled_from(
    [Field("label", "version"), Field("image", ""), Field("helm", "values.yaml#tag", "r-{version}")]
)
RENDERED = st.builds(VersionedService, NAME, TEXT, NAME, st.dictionaries(NAME, VALUES, max_size=2))
ADOPTED = st.builds(VersionedService, NAME, TEXT, fields=st.lists(FIELDS, max_size=2).map(tuple))
WAIVERS = st.lists(st.builds(Waiver, TEXT, TEXT, TEXT), max_size=2).map(tuple)
PORTS = st.lists(st.integers(1, 65535), max_size=2).map(tuple)
EDITS = st.lists(st.builds(Edit, TEXT, TEXT, TEXT, TEXT, blob=TEXT), max_size=2).map(tuple)


@st.composite
def inputs(draw: st.DrawFn) -> ReleaseInputs:
    kind = draw(st.sampled_from(["rendered", "adopted"]))
    workers = draw(st.lists(CLUSTERS, max_size=2))
    names = st.tuples(*(NAME for _ in workers))
    argocd = draw(st.none() | st.builds(ArgoApplications, CLUSTERS, NAME, names))
    services = st.lists(RENDERED if kind == "rendered" else ADOPTED, max_size=3, unique_by=lambda each: each.name)
    return ReleaseInputs(
        stack=draw(NAME),
        remote=draw(st.builds(Remote, NAME.map("https://git.example/{}".format), NAME, TEXT, TEXT, TEXT, TEXT, TEXT)),
        path=draw(TEXT),
        namespace=draw(NAME),
        services=tuple(draw(services)),
        argocd=argocd,
        workers=tuple(workers),
        wait=draw(st.sampled_from(get_args(Wait))) if argocd else "committed",
        timeout_seconds=draw(st.integers()),
        edits=draw(EDITS),
        kind=cast("RepositoryKind", kind),
        wave=draw(st.none() | st.integers(1, 3)),
        exact=draw(st.booleans()),
        style=draw(st.builds(Style, TEXT, TEXT, st.sampled_from(["", "gpg", "ssh"]), TEXT)),
        written=draw(st.dictionaries(NAME, TEXT, max_size=2)),
        mesh=draw(st.none() | st.builds(MeshClusters, CLUSTERS, CLUSTERS)),
        lint=draw(st.builds(Options, PORTS, WAIVERS)),
        on_held=draw(st.sampled_from(get_args(OnHeld))),
    )


@given(inputs())
def test_inputs_written_as_properties_are_read_back_the_same(release: ReleaseInputs) -> None:
    assert from_properties(to_properties(release)) == release


def test_everything_is_read_and_services_without_a_version_are_left_alone() -> None:
    assert from_properties(WHOLE) == ReleaseInputs(
        stack="prod",
        remote=Remote("https://git.example/r.git", "live", "robot", "p"),
        path="clusters/w",
        namespace="shop",
        services=(VersionedService("a", "v1", "weight", {"port": 80}),),
        argocd=ArgoApplications(Cluster("host", "host", None, "1"), "argocd", ("shop-w",)),
        workers=(Cluster("w", None, "/k", None),),
        wait="step",
        timeout_seconds=90,
        edits=(Edit("f", "/0/a", "", "1"),),
        mesh=MeshClusters(Cluster("host", "host", None, None), Cluster("w", None, "/k", None)),
    )


def test_inputs_of_an_older_release_name_no_cluster_of_argo_cd_and_no_mesh() -> None:
    older = {**WHOLE, "argocd": {"cluster": {"context": "host"}, "applications": ["shop-w"]}, "mesh": None}
    release = from_properties(older)
    assert release.argocd == ArgoApplications(Cluster("argocd", "host", None, None), "argocd", ("shop-w",))
    assert (release.mesh, release.lint, release.on_held) == (None, Options(), "warn")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"stack": None}, "stack: it is missing; expected a string"),
        ({"path": 3}, "path: it is not a string; expected a string"),
        ({"repository": {"branch": "main"}}, "repository.url: it is missing; expected a string"),
        (
            {"repository": {"url": "/r", "kind": "copied"}},
            "repository.kind: 'copied' is unknown; expected rendered or adopted",
        ),
        (
            {"repository": {"url": "/r", "exact": "yes"}},
            "repository.exact: it is not true or false; expected true or false",
        ),
        ({"services": {}}, "services: it is not a list; expected a list"),
        ({"services": ["a"]}, "services[0]: it is not a mapping; expected a mapping"),
        ({"services": [{"name": "a", "version": "1"}]}, "services[0].template: it is missing; expected a string"),
        (
            {"services": [{"name": "a", "version": 1}]},
            "services[0].version: it is not a string; expected a string",
        ),
        (
            {"services": [{"name": "a", "version": "1", "template": "t"}] * 2},
            "services: there are two services a; expected each name once",
        ),
        ({"wait": "soon"}, "wait: 'soon' is unknown; expected committed or synced or step or finished"),
        ({"argocd": None}, "argocd: nothing shows when the release is step; expected Argo CD's cluster"),
        ({"workers": []}, "argocd.applications: they do not match the workers; expected one for each worker"),
        ({"mesh": {"host": {"name": "h"}}}, "mesh.leader: it is missing; expected a mapping"),
        ({"onHeld": "stop"}, "onHeld: 'stop' is unknown; expected warn or error"),
        (
            {"lint": {"gatewayPorts": ["http"]}},
            "lint.gatewayPorts[0]: it is not a whole number; expected a whole number",
        ),
        ({"lint": {"waive": ["x"]}}, "lint.waive[0]: it is not a mapping; expected a mapping"),
        ({"lint": {"waive": [{"rule": "subset"}]}}, "lint.waive[0].reason: it is missing; expected a string"),
        ({"timeoutSeconds": True}, "timeoutSeconds: it is not a whole number; expected a whole number"),
        ({"edits": [{"file": "f", "old": ""}]}, "edits[0].new: it is missing; expected a string"),
        ({"written": {"a": 1}}, "written.a: it is not a string; expected a string"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadInputError) as caught:
        from_properties({**WHOLE, **change})
    assert str(caught.value) == sentence


def test_what_the_lint_takes_from_the_stack_is_read_and_written_without_what_is_empty() -> None:
    waive = [{"rule": "gateway-port", "reason": "it is open"}]
    given = {"gatewayPorts": [80, 443], "waive": waive, "askPlugin": True}
    release = from_properties({**WHOLE, "lint": given})
    assert release.lint == Options((80, 443), (Waiver("gateway-port", "it is open"),), ask_plugin=True)
    assert to_properties(release)["lint"] == given
    assert "lint" not in to_properties(from_properties(WHOLE))


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
