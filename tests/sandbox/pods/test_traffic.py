"""Real requests through gateway, consumer and provider, and the proof that the mesh has settled."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import signal
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import aiohttp
import pytest

from meshroll.errors import TimedOutError
from meshroll.kube import Kube
from meshroll.sandbox import Sandbox
from meshroll.sandbox.convergence.settled import Settled, wait_settled
from tests.support.sandbox.cluster import (
    apply,
    consumer,
    destination_rule,
    entrance,
    global_mesh,
    has_pods,
    lane,
    provider,
    ready_pod,
    service,
    until,
    virtual_service,
)

PORT = 9190


@pytest.fixture(scope="module")
def gateway(sandbox: Sandbox, attached: None, host: Kube, worker: Kube, space: str) -> Iterator[str]:
    """The example, with provider v1 and v2, behind the worker's gateway."""
    address = sandbox.environment()["MESHROLL_GATEWAY_WORKER_1"]
    apply(host, global_mesh())
    apply(
        worker,
        service(space, "dubbo3-consumer", 9090, 8080),
        service(space, "dubbo3-provider", 20880, 20880),
        destination_rule(space),
        virtual_service(space, 0),
        *entrance(space, address, PORT),
        provider(space, "v1"),
        provider(space, "v2"),
        consumer(space),
    )
    for name in ("provider-v1", "provider-v2", "consumer"):
        ready_pod(worker, space, name)
    yield address
    host.delete("discovery.mspider.io/v3alpha1", "GlobalMesh", "tests", "mspider-system")


def settle(istiod: str, host: Kube, worker: Kube, space: str, timeout: float = 20.0) -> Settled:
    return wait_settled(istiod, host=host, workers=[worker], leader=worker, namespace=space, timeout=timeout)


def ask(address: str, headers: dict[str, str] | None = None) -> dict:
    connection = http.client.HTTPConnection(address, PORT, timeout=10)
    connection.request("GET", "/hello?name=test-v1", headers=headers or {})
    answer = connection.getresponse()
    return {"status": answer.status, **json.loads(answer.read())}


def versions(address: str, requests: int, headers: dict[str, str] | None = None) -> Counter[str]:
    with ThreadPoolExecutor(8) as pool:
        answers = pool.map(lambda _: ask(address, headers), range(requests))
    return Counter(answer.get("provider", {}).get("version", str(answer)) for answer in answers)


def test_an_answer_names_the_consumer_and_the_provider(
    istiod: str, host: Kube, worker: Kube, space: str, gateway: str
) -> None:
    settle(istiod, host, worker, space)
    pods = {name: ready_pod(worker, space, name)["metadata"]["name"] for name in ("consumer", "provider-v1")}
    assert ask(gateway) == {
        "status": 200,
        "message": "Hello test-v1",
        "consumer": {"hostname": pods["consumer"], "version": "v1"},
        "provider": {"hostname": pods["provider-v1"], "version": "v1"},
    }


def test_every_answer_after_settling_obeys_the_weights(
    istiod: str, host: Kube, worker: Kube, space: str, gateway: str
) -> None:
    took = []
    for weight, version in ((100, "v2"), (0, "v1")) * 4:
        apply(worker, virtual_service(space, weight))
        took.append(settle(istiod, host, worker, space).seconds)
        assert versions(gateway, 200) == {version: 200}
    print("settled after (ms):", sorted(round(1000 * seconds) for seconds in took))


def test_the_header_lane_selects_the_canary_and_nothing_else_does(
    istiod: str, host: Kube, worker: Kube, space: str, gateway: str
) -> None:
    apply(worker, virtual_service(space, 0, lane("test-v2")))
    settle(istiod, host, worker, space)
    assert versions(gateway, 100, {"lane": "test-v2"}) == {"v2": 100}
    assert versions(gateway, 100, {"lane": "other"}) == {"v1": 100}
    assert versions(gateway, 100) == {"v1": 100}


def test_a_client_that_does_not_acknowledge_is_not_settled(
    sandbox: Sandbox, istiod: str, host: Kube, worker: Kube, space: str, gateway: str
) -> None:
    apply(worker, virtual_service(space, 0))
    settle(istiod, host, worker, space)
    (pid,) = [row.pid for row in sandbox.status() if row.name == "worker-1/gateway"]
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    try:
        with pytest.raises(TimedOutError, match=r"ingressgateway-worker-1.* has not acknowledged the newest"):
            settle(istiod, host, worker, space, timeout=6.0)
    finally:
        os.kill(pid, signal.SIGCONT)
    settle(istiod, host, worker, space)


def endpoints(worker: Kube, space: str, prefix: str) -> list[str]:
    """The mesh's endpoints of pods, by the pods' names."""
    names = [entry["metadata"]["name"] for entry in worker.list("networking.istio.io/v1", "WorkloadEntry", space)]
    return [name for name in names if name.startswith(prefix)]


def test_without_a_provider_the_answer_is_503_with_a_reason(
    istiod: str, host: Kube, worker: Kube, space: str, gateway: str
) -> None:
    apply(worker, virtual_service(space, 100))
    worker.patch("apps/v1", "Deployment", "provider-v2", space, {"spec": {"replicas": 0}}, field_manager="tests")
    try:
        until(lambda: not endpoints(worker, space, "provider-v2"), "the provider has left the mesh")
        settle(istiod, host, worker, space)
        answer = ask(gateway)
        assert (answer["status"], answer["error"].partition(":")[0]) == (503, "provider")
    finally:
        worker.patch("apps/v1", "Deployment", "provider-v2", space, {"spec": {"replicas": 1}}, field_manager="tests")
        ready_pod(worker, space, "provider-v2")


def test_no_request_is_lost_when_one_of_two_pods_goes(
    istiod: str, host: Kube, worker: Kube, space: str, gateway: str
) -> None:
    names = ("provider-v1", "provider-v2", "consumer")
    apply(worker, virtual_service(space, 50))
    for name in names:
        worker.patch("apps/v1", "Deployment", name, space, {"spec": {"replicas": 2}}, field_manager="tests")
    for name in names:
        until(partial(has_pods, worker, space, name, 2), f"two pods of {name}")
    settle(istiod, host, worker, space)

    def remove_one(name: str) -> None:
        worker.patch("apps/v1", "Deployment", name, space, {"spec": {"replicas": 1}}, field_manager="tests")
        until(lambda: len(pods_of(name)) == 1, f"one pod of {name} is gone")

    def pods_of(name: str) -> list[str]:
        found = [pod["metadata"]["name"] for pod in worker.list("v1", "Pod", space)]
        return [pod for pod in found if pod.startswith(name)]

    async def drive() -> Counter[str]:
        seen: Counter[str] = Counter()
        over = asyncio.Event()

        async def one(session: aiohttp.ClientSession) -> None:
            while not over.is_set():
                async with session.get(f"http://{gateway}:{PORT}/hello?name=x") as answer:
                    body = await answer.text()
                    seen[str(answer.status) if answer.status == 200 else body] += 1

        async with aiohttp.ClientSession() as session:
            clients = [asyncio.create_task(one(session)) for _ in range(4)]
            for name in names:
                await asyncio.to_thread(remove_one, name)
            over.set()
            await asyncio.gather(*clients)
        return seen

    seen = asyncio.run(drive())
    assert set(seen) == {"200"}
    assert seen["200"] > 100
