import json
from typing import Any

from meshroll.sandbox.pods import pods
from meshroll.sandbox.pods.pods import PodAddresses, Refusal
from meshroll.sandbox.pods.status import status as write_status
from meshroll.sandbox.pods.variables import environment

PLACE = PodAddresses(address="127.20.1.5", node_address="127.20.0.2", istiod="127.0.0.1:15010", cluster_id="worker-1")
NOW = "2026-01-02T03:04:05Z"


def pod(**container: Any) -> dict[str, Any]:
    return {
        "metadata": {
            "name": "p-1",
            "namespace": "dubbo",
            "uid": "u-1",
            "labels": {"app": "p", "version": "v1"},
            "annotations": {"note": "x"},
        },
        "spec": {"nodeName": "n", "containers": [{"name": "c", "image": "i", **container}]},
        "status": {"phase": "Pending"},
    }


def variables(**container: Any) -> dict[str, str] | Refusal:
    body = pod(**container)
    return environment(body, body["spec"]["containers"][0], PLACE)


def test_a_program_learns_who_and_where_it_is() -> None:
    found = variables(env=[{"name": "PROVIDER_URL", "value": "tri://p:1"}])
    assert isinstance(found, dict)
    bootstrap = json.loads(found.pop("GRPC_XDS_BOOTSTRAP_CONFIG"))
    assert found == {
        "POD_NAME": "p-1",
        "POD_NAMESPACE": "dubbo",
        "POD_IP": "127.20.1.5",
        "NODE_NAME": "n",
        "VERSION": "v1",
        "PROVIDER_URL": "tri://p:1",
    }
    assert bootstrap == {
        "xds_servers": [
            {
                "server_uri": "127.0.0.1:15010",
                "channel_creds": [{"type": "insecure"}],
                "server_features": ["xds_v3"],
            }
        ],
        "node": {
            "id": "sidecar~127.20.1.5~p-1.dubbo~dubbo.svc.cluster.local",
            "metadata": {
                "GENERATOR": "grpc",
                "NAMESPACE": "dubbo",
                "CLUSTER_ID": "worker-1",
                "LABELS": {"app": "p", "version": "v1"},
            },
            "locality": {},
        },
    }


def test_a_variable_may_come_from_a_field_of_the_pod() -> None:
    paths = ["metadata.name", "status.podIP", "metadata.labels['version']", "metadata.annotations['note']"]
    found = variables(env=[{"name": p, "valueFrom": {"fieldRef": {"fieldPath": p}}} for p in paths])
    assert isinstance(found, dict)
    assert [found[p] for p in paths] == ["p-1", "127.20.1.5", "v1", "x"]


def test_a_variable_from_a_secret_is_refused() -> None:
    found = variables(env=[{"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}])
    text = "variable A: the sandbox gives values and fieldRef of the pod, nothing else"
    assert found == Refusal("CreateContainerConfigError", text)


def test_a_pod_of_two_containers_is_refused() -> None:
    body = pod()
    body["spec"]["containers"] *= 2
    assert pods.container(body) == Refusal(
        "CreateContainerConfigError", "the sandbox runs pods of one container without init containers"
    )


def test_the_containers_port_wins_over_the_tables() -> None:
    assert (pods.port({"ports": [{"containerPort": 9000}]}, 8080), pods.port({}, 8080), pods.port({}, None)) == (
        9000,
        8080,
        None,
    )


def test_a_workload_entry_has_the_pods_name_labels_and_address_and_dies_with_it() -> None:
    assert pods.workload_entry(pod(), "127.20.1.5") == {
        "apiVersion": "networking.istio.io/v1",
        "kind": "WorkloadEntry",
        "metadata": {
            "name": "p-1",
            "namespace": "dubbo",
            "labels": {"app": "p", "version": "v1"},
            "ownerReferences": [{"apiVersion": "v1", "kind": "Pod", "name": "p-1", "uid": "u-1"}],
        },
        "spec": {"address": "127.20.1.5", "labels": {"app": "p", "version": "v1"}},
    }


def status(body: dict[str, Any], ready: bool, **more: Any) -> dict[str, Any]:
    state = {"running": {"startedAt": NOW}} if ready else {"waiting": {"reason": "R", "message": "m"}}
    container = body["spec"]["containers"][0]
    return write_status(
        body, container, PLACE, state=state, ready=ready, restarts=more.pop("restarts", 0), now=NOW, **more
    )


def conditions(found: dict[str, Any]) -> dict[str, str]:
    return {condition["type"]: condition["status"] for condition in found["conditions"]}


def test_a_running_pod_is_ready_with_its_addresses() -> None:
    found = status(pod(), ready=True, process="meshroll://1-2")
    assert set(conditions(found).values()) == {"True"}
    assert {k: found[k] for k in ("phase", "podIP", "podIPs", "hostIP", "startTime")} == {
        "phase": "Running",
        "podIP": "127.20.1.5",
        "podIPs": [{"ip": "127.20.1.5"}],
        "hostIP": "127.20.0.2",
        "startTime": NOW,
    }
    assert found["containerStatuses"] == [
        {
            "name": "c",
            "image": "i",
            "imageID": "",
            "containerID": "meshroll://1-2",
            "ready": True,
            "started": True,
            "restartCount": 0,
            "state": {"running": {"startedAt": NOW}},
            "lastState": {},
        }
    ]


def test_a_pod_that_waits_is_pending_and_not_ready() -> None:
    found = status(pod(), ready=False)
    assert (found["phase"], conditions(found)["Ready"], conditions(found)["Initialized"]) == (
        "Pending",
        "False",
        "True",
    )


def test_a_pod_between_two_starts_stays_running() -> None:
    assert status(pod(), ready=False, restarts=1)["phase"] == "Running"


def test_a_condition_keeps_its_time_while_it_does_not_change() -> None:
    body = pod()
    body["status"]["conditions"] = [
        {"type": "PodScheduled", "status": "True", "lastTransitionTime": "before"},
        {"type": "Ready", "status": "False", "lastTransitionTime": "before"},
    ]
    times = {c["type"]: c["lastTransitionTime"] for c in status(body, ready=True)["conditions"]}
    assert (times["PodScheduled"], times["Ready"]) == ("before", NOW)


def test_a_readiness_gate_keeps_a_pod_from_being_ready_and_is_kept() -> None:
    body = pod()
    body["spec"]["readinessGates"] = [{"conditionType": "x/gate"}]
    body["status"]["conditions"] = [{"type": "x/gate", "status": "False"}]
    found = conditions(status(body, ready=True))
    assert (found["ContainersReady"], found["Ready"], found["x/gate"]) == ("True", "False", "False")


def test_a_pod_that_never_got_an_address_has_none_in_its_status() -> None:
    body = pod()
    place = PodAddresses(address="", node_address="127.20.0.2", istiod="", cluster_id="")
    state = {"waiting": {"reason": "R", "message": "m"}}
    container = body["spec"]["containers"][0]
    found = write_status(body, container, place, state=state, ready=False, restarts=0, now=NOW)
    assert not {"podIP", "podIPs"} & found.keys()
