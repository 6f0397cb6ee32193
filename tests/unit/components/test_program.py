"""The program itself: configuration in, one sentence out when something is wrong, and outputs that outlive that."""

from __future__ import annotations

import asyncio
import contextvars
import runpy
from pathlib import Path
from typing import Any

import grpc
import pulumi
import pytest
from google.protobuf import json_format
from pulumi.runtime import mocks
from pulumi.runtime.config import set_all_config
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.stack import run_in_stack

from meshroll.errors import UnavailableError
from meshroll.provider import START
from tests.support.checkout import CHECKOUT
from tests.support.components.program import SECRET, SIGNATURE

PROGRAM = str(CHECKOUT / "__main__.py")
OLD = {
    "release": {"shop-w": {"commit": "1feef287f88c", "versions": {"web": "v1"}}},
    "token": {SIGNATURE: SECRET, "value": "hunter2"},
}
NEW = {"release": {"shop-w": "made-id"}}


class Refused(grpc.RpcError):  # type: ignore[misc]
    """What gRPC raises when the engine answers with an error."""


class Engine(mocks.MockMonitor):
    """Remembers what is registered, in order: a resource by its name, outputs by their values."""

    def __init__(self, *, knows_the_stack: bool = True, new: bool = True) -> None:
        super().__init__(Answers())
        self.registered: list[Any] = []
        self.starts = 0
        self._knows_the_stack, self._new = knows_the_stack, new

    def Invoke(self, request: Any) -> Any:  # noqa: N802 - of the engine
        asked = (request.tok, json_format.MessageToDict(request.args))
        if request.tok == START:
            self.starts += 1
            return resource_pb2.ResourceInvokeResponse()
        if not self._knows_the_stack:
            raise Refused
        assert asked == ("pulumi:pulumi:readStackOutputs", {"name": "organization/meshroll/sandbox"})
        answer = resource_pb2.ResourceInvokeResponse()
        getattr(answer, "return").update({"name": "sandbox", "outputs": OLD, "secretOutputNames": []})
        return answer

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - of the engine
        self.registered.append(request.name)
        return super().RegisterResource(request)

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802 - of the engine
        assert request.urn.endswith("::meshroll-sandbox")
        self.registered.append(json_format.MessageToDict(request.outputs))
        return super().RegisterResourceOutputs(request)

    def GetDeploymentInfo(self, request: Any) -> Any:  # noqa: N802 - of the engine
        return super().GetDeploymentInfo(request) if self._new else resource_pb2.DeploymentInfo()


class Answers(pulumi.runtime.Mocks):
    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[str, Any], None]:
        raise AssertionError(args.token)

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        return f"{args.name}-id", args.inputs


def start(engine: Engine, config: dict[str, str]) -> None:
    """Run the program as Pulumi's executors do."""

    async def run() -> None:
        pulumi.runtime.configure(
            mocks.MockSettings(
                monitor=engine,
                engine=mocks.MockEngine(None),
                project="meshroll",
                stack="sandbox",
                organization="organization",
                dry_run=False,
            )
        )
        set_all_config(config, ["meshroll:repository"])

        def program() -> None:
            runpy.run_path(PROGRAM)

        await run_in_stack(program)

    contextvars.copy_context().run(asyncio.run, run())


def build(_: object) -> dict[str, Any]:
    """Stands for the components: one resource, and one output."""
    return {"release": {"shop-w": pulumi.CustomResource("test:index:Made", "made").id}}


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stack file that can be loaded, and clusters that nothing is wrong with."""
    monkeypatch.setattr("meshroll.settings.pulumi_config.load", lambda _: object())
    monkeypatch.setattr("meshroll.delivery.preflight.check", lambda _: None)
    monkeypatch.setattr("meshroll.components.stack.build", build)


def test_an_unknown_key_is_one_sentence_and_nothing_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    engine = Engine()
    with pytest.raises(pulumi.RunError) as caught:
        start(engine, {"meshroll:waves": "[]", "kubernetes:context": "other"})
    assert "waves" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert engine.registered == ["meshroll-sandbox", OLD, {}]  # the last by the SDK, as whenever a program raises


@pytest.mark.usefixtures("settings")
def test_what_the_preflight_finds_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(stack: object) -> None:
        raise UnavailableError("it cannot be reached", where="cluster worker-1")

    monkeypatch.setattr("meshroll.delivery.preflight.check", unreachable)
    with pytest.raises(pulumi.RunError) as caught:
        start(Engine(), {"meshroll:format": "1"})
    assert str(caught.value) == "cluster worker-1: it cannot be reached"


@pytest.mark.usefixtures("settings")
def test_the_plugin_is_started_before_a_resource_needs_it() -> None:
    engine = Engine()
    start(engine, {"meshroll:format": "1"})
    assert engine.starts == 1


def configured(size: int) -> dict[str, str]:
    """Configuration that takes so many bytes of an environment variable, NUL included."""
    return {"meshroll:services": "<" + "x" * (size - len('PULUMI_CONFIG={"services":""}\0') - len("\\u003c"))}


@pytest.mark.usefixtures("settings")
def test_configuration_that_no_plugin_can_be_given_is_one_sentence() -> None:
    engine = Engine()
    with pytest.raises(pulumi.RunError) as caught:
        start(engine, configured(128 * 1024 + 1))
    assert str(caught.value) == (
        "stack sandbox: its configuration takes 131073 bytes, and Pulumi hands it to plug-ins in one environment "
        "variable; expected at most 131072: the services in a file, meshroll:services: {file: services.yaml}"
    )
    assert engine.starts == 0
    start(Engine(), configured(128 * 1024) | {"kubernetes:context": "x" * 128 * 1024})


@pytest.mark.usefixtures("settings")
def test_the_outputs_of_the_last_update_are_registered_first_and_its_own_at_the_end() -> None:
    engine = Engine()
    start(engine, {"meshroll:format": "1"})
    assert engine.registered == ["meshroll-sandbox", OLD, "made", NEW]


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize(
    "engine",
    [pytest.param(Engine(knows_the_stack=False), id="unknown stack"), pytest.param(Engine(new=False), id="old")],
)
def test_where_the_engine_cannot_keep_outputs_only_its_own_are_registered(engine: Engine) -> None:
    start(engine, {"meshroll:format": "1"})
    assert engine.registered == ["meshroll-sandbox", "made", NEW]
