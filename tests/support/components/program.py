"""Runs a Pulumi program against a recording monitor: each call has its own event loop and its own Pulumi runtime."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
from google.protobuf import json_format
from pulumi.runtime import mocks
from pulumi.runtime.stack import run_pulumi_func, wait_for_rpcs

SIGNATURE, SECRET = "4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"


@dataclass(frozen=True)
class Secret:
    """A value that the program marked secret."""

    value: Any


@dataclass(frozen=True)
class Made:
    """One resource as the program registered it; `after` names what it depends on, `provider` the provider's name."""

    type: str
    name: str
    inputs: Any
    after: frozenset[str]
    provider: str
    parent: str


class _Answers(pulumi.runtime.Mocks):
    def __init__(self, outputs: Mapping[str, dict[str, Any]]) -> None:
        self._outputs = outputs

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[str, Any], None]:
        return {}, None

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        return f"{args.name}-id", {**args.inputs, **self._outputs.get(args.name, {})}


class _Monitor(mocks.MockMonitor):
    def __init__(self, outputs: Mapping[str, dict[str, Any]]) -> None:
        super().__init__(_Answers(outputs))
        self.made: dict[str, Made] = {}
        self.requests: list[Any] = []

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - of the engine
        self._record(request, json_format.MessageToDict(request.object))
        return super().RegisterResource(request)

    def ReadResource(self, request: Any) -> Any:  # noqa: N802 - of the engine
        self._record(request, {"id": request.id})
        return super().ReadResource(request)

    def _record(self, request: Any, inputs: Any) -> None:
        self.requests.append(request)
        if request.type != "pulumi:pulumi:Stack":
            after = frozenset(_name(urn) for urn in request.dependencies)
            provider = request.provider.split("::")[3] if request.provider else ""
            made = Made(request.type, request.name, _plain(inputs), after, provider, _name(request.parent))
            assert made.name not in self.made or self.made[made.name].type != made.type
            self.made[f"{made.type} {made.name}"] = made


def run(program: Callable[[], Any], outputs: Mapping[str, dict[str, Any]] | None = None) -> tuple[dict[str, Made], Any]:
    """All resources that a program makes, by "type name", and its answer with every Output resolved."""
    monitor = _Monitor(outputs or {})
    return monitor.made, _run(monitor, program)


def requests(program: Callable[[], Any]) -> list[Any]:
    """The requests by which a program registers and reads its resources, as they are sent."""
    monitor = _Monitor({})
    _run(monitor, program)
    return monitor.requests


def _run(monitor: _Monitor, program: Callable[[], Any]) -> Any:
    async def resolved() -> Any:
        pulumi.runtime.set_mocks(_Answers({}), project="meshroll", stack="sandbox", preview=False, monitor=monitor)
        answer: list[Any] = []
        await run_pulumi_func(lambda: answer.append(program()))
        found = await pulumi.Output.from_input(answer[0]).future()
        await wait_for_rpcs()
        return found

    return contextvars.copy_context().run(asyncio.run, resolved())


def _name(urn: str) -> str:
    return urn.rsplit("::", maxsplit=1)[-1]


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        if value.get(SIGNATURE) == SECRET:
            return Secret(_plain(value["value"]))
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value
