"""What goes into the clusters, as objects."""

from __future__ import annotations

import base64
import json

import yaml

from meshroll.sandbox.build import crds
from meshroll.sandbox.state import credentials
from meshroll.sandbox.state.addresses import Range
from meshroll.sandbox.topology import seed


def test_a_definition_is_known_again_by_a_hash_over_all_of_it() -> None:
    crd = {"kind": "CustomResourceDefinition", "metadata": {"name": "x"}, "spec": {"a": 1}, "status": {"old": True}}
    first = seed.with_hash(crd)
    assert "status" not in first
    assert first["metadata"]["annotations"] == seed.with_hash(crd)["metadata"]["annotations"]
    changed = seed.with_hash({**crd, "spec": {"a": 2}})
    assert first["metadata"]["annotations"] != changed["metadata"]["annotations"]


def test_argo_cd_knows_a_worker_by_name_token_and_authority() -> None:
    secret = seed.cluster_secret("worker-1", "https://127.0.0.1:1", "t0ken", b"pem")
    data = {key: base64.b64decode(value).decode() for key, value in secret["data"].items()}
    assert secret["metadata"] == {
        "name": "worker-1",
        "namespace": "argocd",
        "labels": {"argocd.argoproj.io/secret-type": "cluster"},
    }
    assert data.keys() == {"name", "server", "config"}
    assert (data["name"], data["server"]) == ("worker-1", "https://127.0.0.1:1")
    assert json.loads(data["config"]) == {
        "bearerToken": "t0ken",
        "tlsClientConfig": {"caData": base64.b64encode(b"pem").decode()},
    }


def test_the_node_has_the_address_of_its_range() -> None:
    node = seed.node("worker-1", Range(17))
    assert node["status"]["addresses"] == [{"type": "InternalIP", "address": "127.17.0.2"}]


def test_mutual_tls_is_off_because_nobody_issues_certificates() -> None:
    assert yaml.safe_load(seed.mesh_configuration()["data"]["mesh"]) == {"enableAutoMtls": False}


def test_our_global_mesh_accepts_any_field() -> None:
    (crd,) = crds.parse(crds.GLOBAL_MESH.read_text())
    assert (crd["spec"]["group"], crd["spec"]["versions"][0]["name"]) == ("discovery.mspider.io", "v3alpha1")
    schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    assert schema["properties"]["spec"] == {"type": "object", "x-kubernetes-preserve-unknown-fields": True}


def test_a_kubeconfig_has_a_context_for_each_cluster() -> None:
    text = credentials.kubeconfig(
        {"host": ("https://127.0.0.1:1", "YQ==", "a"), "w": ("https://127.0.0.1:2", "Yg==", "b")}, "host"
    )
    document = yaml.safe_load(text)
    assert document["current-context"] == "host"
    assert document["contexts"] == [
        {"name": "host", "context": {"cluster": "host", "user": "host"}},
        {"name": "w", "context": {"cluster": "w", "user": "w"}},
    ]
    assert document["users"][1] == {"name": "w", "user": {"token": "b"}}
