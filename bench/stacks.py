"""The stack that is measured: rendered services, two thirds by weight and one third by header."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from textwrap import indent

STACK = "big"


def write_stack(project: Path, url: str, services: int, clusters: int) -> None:
    """A project with one stack: so many services and so many work clusters."""
    _write(project, url, clusters, "\n" + indent("".join(_services(services)), "    "))


def write_stack_with_file(project: Path, url: str, services: int) -> None:
    """The same with its services in a file of their own and one work cluster, as Pulumi can run it."""
    _write(project, url, 1, " {file: services.yaml}\n")
    (project / "stacks" / "services.yaml").write_text("".join(_services(services)))


def _write(project: Path, url: str, clusters: int, services: str) -> None:
    (project / "stacks").mkdir(parents=True)
    (project / "Pulumi.yaml").write_text("name: bench\nruntime: python\n")
    (project / "stacks" / f"Pulumi.{STACK}.yaml").write_text("".join(_head(url, clusters)) + services)


def _head(url: str, clusters: int) -> Iterator[str]:
    names = [f"east-{number}" for number in range(clusters)]
    contexts = ", ".join(f"{name}: {{context: {name}}}" for name in ("host", *names))
    yield "config:\n  meshroll:format: 1\n"
    yield f"  meshroll:clusters: {{{contexts}}}\n  meshroll:workers: [{', '.join(names)}]\n"
    yield "  meshroll:argocd: {cluster: host, project: shop}\n"
    yield f"  meshroll:repository: {{url: '{url}', kind: rendered, path: 'clusters/{{cluster}}'}}\n"
    yield "  meshroll:delivery: {namespace: shop, wait: committed}\n  meshroll:services:"


def _services(services: int) -> Iterator[str]:
    for number in range(services):
        yield f"service-{number:04d}:\n  version: v1\n"
        yield f"  template: {'weight' if number % 3 else 'header'}\n  parameters:\n"
        yield f"    image: registry.example.com/shop/service-{number:04d}:1\n"
        yield "    port: 8080\n    replicas: 2\n"
        yield "" if number % 3 else "    header: {name: lane, value: new}\n"
