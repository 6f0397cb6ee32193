"""Every object that a stack makes, as the engine gets it."""

from __future__ import annotations

import dataclasses

import pytest

from meshroll.manifests.admitted import USUAL
from meshroll.release.applied import ApplicationNeeds
from meshroll.settings.model import Gateway
from tests.support.components.program import Secret
from tests.support.components.stack import (
    APPLICATION,
    COMMITTED,
    GLOBAL_MESH,
    IGNORED,
    NAMESPACE,
    PROJECT,
    RELEASE,
    SECRET,
    encoded,
    made_by,
)
from tests.support.stacks import REMOTE, stack


def test_every_object_of_a_stack_is_as_the_stack_says() -> None:
    made, _ = made_by(stack())
    assert {key: resource.inputs for key, resource in made.items() if resource.inputs and "index" not in key} == {
        **{
            f"pulumi:providers:kubernetes {name}": {
                "clusterIdentifier": f"sandbox/{name}",
                "context": name,
                "enableServerSideApply": "true",
                "kubeconfig": "/kube/config",
            }
            for name in ("host", "worker-1")
        },
        f"{SECRET} mesh-remote-worker-1": {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": "istio-remote-secret-worker-1",
                "namespace": "istio-system",
                "labels": {"istio/multiCluster": "true"},
                "annotations": {"networking.istio.io/cluster": "worker-1"},
            },
            "data": encoded(**{"worker-1": REMOTE}),
        },
        f"{GLOBAL_MESH} mesh-global-mesh": {
            "apiVersion": "discovery.mspider.io/v3alpha1",
            "kind": "GlobalMesh",
            "metadata": {"name": "mesh", "namespace": "mspider-system"},
            "spec": {
                "mode": "HOSTED",
                "ownerCluster": "host",
                "clusters": ["host", "worker-1"],
                "ownerConfig": {
                    "controlPlaneParams": {
                        "enabled_resources_synchronizer": "true",
                        "sync_resource_worker_cluster": "worker-1",
                        "global.mesh_capacity": "S50N200",
                    },
                    "controlPlaneParamsStruct": {
                        "global": {
                            "sync_istio_resources": [
                                {
                                    "group": "networking.istio.io",
                                    "kind": kind,
                                    "resource": resource,
                                    "version": version,
                                }
                                for kind, resource, version in (
                                    ("VirtualService", "virtualservices", "v1beta1"),
                                    ("DestinationRule", "destinationrules", "v1beta1"),
                                    ("Gateway", "gateways", "v1alpha3"),
                                )
                            ]
                        }
                    },
                },
            },
        },
        f"{NAMESPACE} dubbo-worker-1": {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": "dubbo", "labels": {"istio-injection": "enabled"}},
        },
        f"{PROJECT} dubbo-project": {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "AppProject",
            "metadata": {"name": "dubbo", "namespace": "argocd"},
            "spec": {
                "description": "made by meshroll for stack sandbox",
                "sourceRepos": ["https://git.example/r.git"],
                "namespaceResourceWhitelist": [
                    {"group": kind.partition(".")[2], "kind": kind.partition(".")[0]} for kind in USUAL
                ],
                "destinations": [{"name": "worker-1", "namespace": "dubbo"}],
            },
        },
        f"{SECRET} dubbo-repository": {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": "dubbo-repository",
                "namespace": "argocd",
                "labels": {"argocd.argoproj.io/secret-type": "repository"},
            },
            "data": encoded(
                type="git", url="https://git.example/r.git", project="dubbo", username="ci", password="s3cret"
            ),
        },
        f"{APPLICATION} dubbo-application-worker-1": {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Application",
            "metadata": {
                "name": "dubbo-worker-1",
                "namespace": "argocd",
                "finalizers": ["resources-finalizer.argocd.argoproj.io"],
            },
            "spec": {
                "project": "dubbo",
                "source": {
                    "repoURL": "https://git.example/r.git",
                    "targetRevision": "main",
                    "path": "sandbox/worker-1",
                    "directory": {"recurse": True},
                },
                "destination": {"name": "worker-1", "namespace": "dubbo"},
                "syncPolicy": {
                    "automated": {"prune": True, "selfHeal": True},
                    "syncOptions": ["ApplyOutOfSyncOnly=true", "CreateNamespace=false"],
                },
                "ignoreDifferences": IGNORED,
            },
        },
    }


HOST = {"name": "host", "kubeconfig": "/kube/config", "context": "host"}
WORKER = {"name": "worker-1", "kubeconfig": "/kube/config", "context": "worker-1"}


def test_the_release_gets_the_services_with_a_version_and_its_connections() -> None:
    made, _ = made_by(stack())
    assert made[f"{RELEASE} dubbo-worker-1"].inputs == {
        "stack": "sandbox",
        "repository": {
            "url": "https://git.example/r.git",
            "branch": "main",
            "credentials": Secret({"username": "ci", "password": "s3cret"}),
        },
        "path": "sandbox/worker-1",
        "namespace": "dubbo",
        "services": [
            {
                "name": "dubbo3-provider",
                "version": "v1",
                "template": "weight",
                "parameters": {"image": "example/provider", "port": 20880},
            }
        ],
        "argocd": {
            "cluster": HOST,
            "namespace": "argocd",
            "applications": ["dubbo-worker-1"],
        },
        "workers": [WORKER],
        "mesh": {"host": HOST, "leader": WORKER},
        "wait": "step",
        "timeoutSeconds": 120,
    }


def test_a_stack_without_mesh_credentials_and_versions_makes_no_more_than_it_needs() -> None:
    base = stack()
    bare = dataclasses.replace(
        base,
        mesh=None,
        gateways={},
        namespaces=(),
        argocd=dataclasses.replace(base.argocd, automated=False),
        repository=dataclasses.replace(base.repository, kind="adopted", credentials=None),
        services=base.services[1:],
    )
    made, outputs = made_by(bare)
    assert set(made) == {
        "pulumi:providers:kubernetes host",
        "pulumi:providers:kubernetes worker-1",
        "meshroll:index:ArgoApplication dubbo",
        f"{PROJECT} dubbo-project",
        f"{APPLICATION} dubbo-application-worker-1",
    }
    spec = made[f"{APPLICATION} dubbo-application-worker-1"].inputs["spec"]
    assert spec["syncPolicy"] == {"syncOptions": ["ApplyOutOfSyncOnly=true", "CreateNamespace=false"]}
    assert spec["ignoreDifferences"] == IGNORED
    assert outputs == {"gateway_endpoints": {}, "applications": {"worker-1": "dubbo-worker-1"}, "release": {}}


def test_each_application_and_the_project_have_what_its_cluster_needs(needs: dict[str, ApplicationNeeds]) -> None:
    needs["worker-1"] = ApplicationNeeds([], ("edge", "shop"), ("Service",))
    needs["worker-2"] = ApplicationNeeds(IGNORED, (), ("Job.batch", "Service"))
    made, _ = made_by(stack(workers=("worker-1", "worker-2")))
    assert made[f"{PROJECT} dubbo-project"].inputs["spec"]["namespaceResourceWhitelist"] == [
        {"group": "batch", "kind": "Job"},
        {"group": "", "kind": "Service"},
    ]
    assert made[f"{PROJECT} dubbo-project"].inputs["spec"]["destinations"] == [
        {"name": "worker-1", "namespace": "dubbo"},
        {"name": "worker-1", "namespace": "edge"},
        {"name": "worker-1", "namespace": "shop"},
        {"name": "worker-2", "namespace": "dubbo"},
    ]
    ignored = {
        cluster: made[f"{APPLICATION} dubbo-application-{cluster}"].inputs["spec"]["ignoreDifferences"]
        for cluster in ("worker-1", "worker-2")
    }
    assert ignored == {"worker-1": [], "worker-2": IGNORED}


def test_what_could_not_be_read_is_warned_of_once(
    needs: dict[str, ApplicationNeeds], monkeypatch: pytest.MonkeyPatch
) -> None:
    warned: list[str] = []
    monkeypatch.setattr("pulumi.log.warn", warned.append)
    for cluster in ("worker-1", "worker-2"):
        needs[cluster] = ApplicationNeeds([], warnings=("shop.yaml cannot be read",))
    made_by(stack(workers=("worker-1", "worker-2")))
    assert warned == ["shop.yaml cannot be read"]


def test_sync_options_of_the_stack_come_after_those_of_every_application_or_take_their_place() -> None:
    base = stack()
    options = ("ServerSideApply=true", "CreateNamespace=true")
    made, _ = made_by(dataclasses.replace(base, argocd=dataclasses.replace(base.argocd, sync_options=options)))
    policy = made[f"{APPLICATION} dubbo-application-worker-1"].inputs["spec"]["syncPolicy"]
    assert policy["syncOptions"] == ["ApplyOutOfSyncOnly=true", "ServerSideApply=true", "CreateNamespace=true"]


def test_the_outputs_are_endpoints_applications_and_releases() -> None:
    _, outputs = made_by(stack())
    assert outputs == {
        "gateway_endpoints": {"worker-1": "http://127.16.0.1:9090"},
        "applications": {"worker-1": "dubbo-worker-1"},
        "release": {"dubbo-worker-1": COMMITTED},
    }


@pytest.mark.parametrize(
    ("ingress", "port", "url"),
    [
        ([{"ip": "203.0.113.7"}], 80, "http://203.0.113.7"),
        ([{"hostname": "lb.example"}], 8080, "http://lb.example:8080"),
        ([{"ip": "2001:db8::7"}], 9090, "http://[2001:db8::7]:9090"),
        ([], 80, None),
    ],
)
def test_an_endpoint_is_read_from_the_load_balancer_of_its_service(
    ingress: list[dict[str, str]], port: int, url: str | None
) -> None:
    gateway = Gateway("worker-1", address=None, service="istio-system/istio-ingressgateway", port=port)
    of = dataclasses.replace(stack(), gateways={"worker-1": gateway})
    made, outputs = made_by(of, {"worker-1-service": {"status": {"loadBalancer": {"ingress": ingress}}}})
    assert outputs["gateway_endpoints"] == {"worker-1": url}
    service = made["kubernetes:core/v1:Service worker-1-service"]
    assert (service.inputs, service.provider) == ({"id": "istio-system/istio-ingressgateway"}, "worker-1")


def test_tokens_of_components_are_fixed() -> None:
    made, _ = made_by(stack())
    assert {resource.type for resource in made.values() if resource.type.startswith("meshroll:")} == {
        "meshroll:index:HostedMeshAttachment",
        "meshroll:index:MeshNamespace",
        "meshroll:index:ArgoApplication",
        "meshroll:index:GatewayEndpoint",
        "meshroll:index:Release",
    }
