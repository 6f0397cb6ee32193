"""What an AppProject admits of the objects in Git."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshroll.manifests.admitted import USUAL, Admit, Admitted, admitted, kind_of

RBAC = "rbac.authorization.k8s.io/v1"


def thing(api_version: str, kind: str, namespace: str = "", name: str = "x") -> Mapping[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, "namespace": namespace}}


def with_usual(*kinds: str) -> tuple[str, ...]:
    return tuple(sorted({*USUAL, *kinds}))


def test_the_usual_kinds_and_those_of_the_objects_are_admitted_and_their_namespaces() -> None:
    objects = [
        thing("v1", "Service", "b"),
        thing("argoproj.io/v1alpha1", "Rollout", "a"),
        thing("v1", "Service"),
        thing("extensions.istio.io/v1alpha1", "WasmPlugin", "a"),
    ]
    assert admitted(objects, namespaces=["c"]) == Admitted(
        with_usual("WasmPlugin.extensions.istio.io"), ("a", "b", "c")
    )


@pytest.mark.parametrize(
    ("api_version", "kind", "named"),
    [
        (RBAC, "RoleBinding", "RoleBinding.rbac.authorization.k8s.io"),
        (RBAC, "Role", "Role.rbac.authorization.k8s.io"),
        ("argoproj.io/v1alpha1", "Application", "Application.argoproj.io"),
        ("argoproj.io/v1alpha1", "AppProject", "AppProject.argoproj.io"),
        ("authorization.openshift.io/v1", "RoleBinding", "RoleBinding.authorization.openshift.io"),
        ("helm.toolkit.fluxcd.io/v2", "HelmRelease", "HelmRelease.helm.toolkit.fluxcd.io"),
        ("v1", "*", "*"),
        ("*/v1", "Service", "Service.*"),
    ],
)
def test_what_would_grant_rights_or_is_a_pattern_is_admitted_by_no_file_in_git(
    api_version: str, kind: str, named: str
) -> None:
    found = admitted([thing("v1", "Service"), thing(api_version, kind, "a")])
    sentence = f"the AppProject does not admit {kind} a/x: expected {named} under meshroll:argocd.admit.kinds"
    assert found == Admitted(USUAL, ("a",), (f"{sentence} where Git may decide it",))


@pytest.mark.parametrize(
    "namespace", ["kube-system", "istio-system", "argo-rollouts", "argocd", "flux", "ours", "*", "team-?", "!prod"]
)
def test_no_file_in_git_opens_the_systems_namespaces_or_a_pattern_of_them(namespace: str) -> None:
    found = admitted([thing("v1", "Service", namespace)], closed=["ours"])
    sentence = f"the AppProject does not admit namespace {namespace}: expected {namespace} under"
    assert found == Admitted(USUAL, (), (f"{sentence} meshroll:argocd.admit.namespaces where Git may decide it",))


def test_a_namespace_that_the_stack_makes_or_delivers_to_is_no_systems_whatever_its_name() -> None:
    assert admitted([thing("v1", "Service", "istio-ingress")], own=["istio-ingress", "shop"]).namespaces == (
        "istio-ingress",
    )


def test_a_stack_admits_more_whether_git_has_it_or_not() -> None:
    admit = Admit(("RoleBinding.rbac.authorization.k8s.io",), ("kube-system", "edge"))
    found = admitted([thing("v1", "Service"), thing(RBAC, "RoleBinding", "kube-system")], admit=admit)
    assert found == Admitted(with_usual("RoleBinding.rbac.authorization.k8s.io"), ("edge", "kube-system"))


@given(
    objects=st.lists(
        st.fixed_dictionaries(
            {"apiVersion": st.text(max_size=8), "kind": st.text(max_size=8)},
            optional={"metadata": st.one_of(st.none(), st.fixed_dictionaries({"namespace": st.text(max_size=8)}))},
        ),
        max_size=4,
    )
)
def test_whatever_is_in_git_no_list_holds_a_pattern_and_what_is_left_out_is_named(
    objects: list[Mapping[str, Any]],
) -> None:
    found = admitted(objects)
    assert set(found.kinds) >= set(USUAL)
    assert not set("*?[]{}!\\") & set("".join((*found.kinds, *found.namespaces)))
    refused = [item for item in objects if kind_of(item) not in found.kinds]
    assert bool(refused) <= bool(found.refused)
