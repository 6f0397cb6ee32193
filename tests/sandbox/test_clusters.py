"""What stands in the clusters of a fresh sandbox, and who may read it."""

from __future__ import annotations

import base64
import json
import stat
import subprocess
from pathlib import Path

import pytest
import urllib3

from meshroll.kube import Kube
from meshroll.sandbox import Home, Sandbox
from meshroll.sandbox.state import repository
from tests.support.processes import arguments
from tests.support.sandbox.cluster import until


def kube(sandbox: Sandbox, context: str) -> Kube:
    return Kube.connect(sandbox.environment()["MESHROLL_KUBECONFIG"], context)


def names(cluster: Kube, api_version: str, kind: str, namespace: str | None = None) -> set[str]:
    return {item["metadata"]["name"] for item in cluster.list(api_version, kind, namespace)}


def groups(cluster: Kube) -> set[str]:
    crds = names(cluster, "apiextensions.k8s.io/v1", "CustomResourceDefinition")
    return {crd.partition(".")[2] for crd in crds}


def test_the_host_has_what_argo_cd_istio_and_the_global_mesh_need(sandbox: Sandbox) -> None:
    host = kube(sandbox, "host")
    assert groups(host) == {
        "argoproj.io",
        "discovery.mspider.io",
        "extensions.istio.io",
        "networking.istio.io",
        "security.istio.io",
        "telemetry.istio.io",
    }
    assert names(host, "v1", "Namespace") >= {"istio-system", "argocd", "mspider-system"}


def test_a_worker_has_rollouts_and_istio_and_a_ready_node(sandbox: Sandbox) -> None:
    worker = kube(sandbox, "worker-1")
    assert worker.knows("argoproj.io/v1alpha1", "Rollout")
    assert not worker.knows("argoproj.io/v1alpha1", "Application")
    until(lambda: ready_nodes(worker) == ["worker-1-node"], "its node is ready")


def ready_nodes(worker: Kube) -> list[str]:
    nodes = worker.list("v1", "Node")
    conditions = [(node["metadata"]["name"], each) for node in nodes for each in node["status"].get("conditions", [])]
    return [name for name, each in conditions if (each["type"], each["status"]) == ("Ready", "True")]


def test_the_worker_is_registered_with_argo_cd_under_its_name(sandbox: Sandbox) -> None:
    secret = kube(sandbox, "host").get("v1", "Secret", "worker-1", "argocd")
    assert secret is not None
    data = {key: base64.b64decode(value).decode() for key, value in secret["data"].items()}
    assert (data["name"], data["server"]) == ("worker-1", sandbox.site.server("worker-1"))
    assert json.loads(data["config"])["bearerToken"] == sandbox.site.credentials.tokens["worker-1"]


def test_each_cluster_has_a_token_of_its_own(sandbox: Sandbox) -> None:
    site = sandbox.site
    pool = urllib3.PoolManager(cert_reqs="CERT_NONE", assert_hostname=False)
    urllib3.disable_warnings()
    url = site.server("worker-1") + "/api/v1/namespaces"
    answers = {
        name: pool.request("GET", url, headers={"Authorization": f"Bearer {token}"}).status
        for name, token in site.credentials.tokens.items()
    }
    assert answers == {"host": 401, "worker-1": 200}


@pytest.mark.parametrize(
    ("verb", "group", "resource", "allowed"),
    [
        ("list", "networking.istio.io", "virtualservices", {"host": True, "worker-1": True}),
        ("watch", "", "secrets", {"host": True, "worker-1": True}),
        ("patch", "networking.istio.io", "virtualservices", {"host": False, "worker-1": False}),
        ("update", "", "secrets", {"host": False, "worker-1": False}),
        ("create", "", "pods", {"host": False, "worker-1": False}),
        ("update", "coordination.k8s.io", "leases", {"host": True, "worker-1": False}),
    ],
)
def test_istiod_reads_the_clusters_and_writes_no_more_than_its_leases(
    sandbox: Sandbox, tmp_path: Path, verb: str, group: str, resource: str, allowed: dict[str, bool]
) -> None:
    found = {}
    for cluster in allowed:
        (tmp_path / cluster).write_text(sandbox.site.reader_kubeconfig(cluster))
        attributes = {"namespace": "istio-system", "verb": verb, "group": group, "resource": resource}
        review = Kube.connect(tmp_path / cluster, cluster).create(
            {
                "apiVersion": "authorization.k8s.io/v1",
                "kind": "SelfSubjectAccessReview",
                "metadata": {},
                "spec": {"resourceAttributes": attributes},
            },
            field_manager="test",
        )
        found[cluster] = review["status"]["allowed"]
    assert found == allowed


def test_istiod_is_started_with_the_readers_token(sandbox: Sandbox) -> None:
    (istiod,) = sandbox.processes()["istiod"]
    (kubeconfig,) = [word.partition("=")[2] for word in arguments(istiod) if word.startswith("--kubeconfig=")]
    assert Path(kubeconfig).read_text() == sandbox.site.reader_kubeconfig("host")
    remote = sandbox.environment()["MESHROLL_REMOTE_KUBECONFIG_WORKER_1"]
    assert remote == sandbox.site.reader_kubeconfig("worker-1")


def test_no_other_user_can_read_the_state(sandbox: Sandbox) -> None:
    assert stat.S_IMODE(sandbox.home.path.stat().st_mode) == 0o700
    secrets = [sandbox.home.kubeconfig, sandbox.home.path / "credentials.json"]
    secrets += [
        sandbox.home.cluster(cluster) / file for cluster in ("host", "worker-1") for file in ("kubeconfig", "users.csv")
    ]
    assert {stat.S_IMODE(path.stat().st_mode) for path in secrets} == {0o600}


def test_no_secret_stands_in_an_argument_or_a_log(sandbox: Sandbox) -> None:
    credentials = sandbox.site.credentials
    hidden = [
        *credentials.tokens.values(),
        *credentials.readers.values(),
        credentials.valkey,
        credentials.argocd_server_key,
    ]
    seen = [" ".join(arguments(pid)) for pids in sandbox.processes().values() for pid in pids]
    seen += [log.read_text(errors="replace") for log in (sandbox.home.path / "logs").iterdir()]
    assert not [secret for secret in hidden for text in seen if secret in text]


def test_the_rollout_repository_of_a_new_sandbox_is_bare_and_has_no_ref(state_root: Path) -> None:
    home = Home.of("new", state_root)
    home.prepare()
    repository.ensure(home)
    url = home.repository.as_uri()
    assert subprocess.run(["git", "ls-remote", url], check=True, capture_output=True).stdout == b""


def test_the_environment_names_everything_that_a_stack_file_asks_for(sandbox: Sandbox) -> None:
    found = sandbox.environment()
    assert set(found) >= {
        "MESHROLL_KUBECONFIG",
        "MESHROLL_REPOSITORY",
        "MESHROLL_GATEWAY_WORKER_1",
        "MESHROLL_REMOTE_KUBECONFIG_WORKER_1",
        "MESHROLL_ISTIOD_DEBUG",
        "PULUMI_HOME",
        "PULUMI_BACKEND_URL",
        "PULUMI_CONFIG_PASSPHRASE_FILE",
    }
    assert found["MESHROLL_GATEWAY_WORKER_1"] == sandbox.site.ranges["worker-1"].gateway
