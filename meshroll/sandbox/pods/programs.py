"""Which program a pod gets: the table's row for its container, with the environment and the port to wait for. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from meshroll.sandbox.pods import pods, variables
from meshroll.sandbox.pods.images import Table
from meshroll.sandbox.pods.pods import Object, PodAddresses, Refusal


@dataclass(frozen=True)
class Program:
    """What is started; `title` is the row's command as its author wrote it. Without a port nothing is waited for."""

    command: tuple[str, ...]
    environment: dict[str, str]
    port: int | None
    title: str


def choose(pod: Object, container: Object, place: PodAddresses, table: Table, builtin: str) -> Program | Refusal:
    """The program of a pod's container; `builtin` is the sandbox's own stand-in."""
    environment = variables.environment(pod, container, place)
    if isinstance(environment, Refusal):
        return environment
    image = container.get("image", "")
    entry = table.find(image, environment)
    if entry is None:
        text = f"image {image!r} is not in any table of workloads of this sandbox; add a row for it to a table file"
        return Refusal("ErrImageNeverPull", text)
    port = pods.port(container, entry.port)
    if port is not None:
        environment = {"PORT": str(port), **environment}
    command = tuple(argument.replace("{workload}", builtin) for argument in entry.command)
    return Program(command, environment, port, " ".join(entry.command))
