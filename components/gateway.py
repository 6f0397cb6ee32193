"""Where a work cluster's ingress gateway answers."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from meshroll.components import objects
from meshroll.components._base import Component
from meshroll.settings.model import Gateway

HTTP_PORT = 80


def url(host: str, port: int) -> str:
    """An HTTP URL; the default port is left out, an IPv6 address gets its brackets."""
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}" if port == HTTP_PORT else f"http://{shown}:{port}"


def load_balancer_host(status: Any) -> str | None:
    """The first address that a Service's load balancer has; None while it has none."""
    balancer = _field(status, "load_balancer", "loadBalancer")
    for ingress in _field(balancer, "ingress") or ():
        if host := _field(ingress, "ip") or _field(ingress, "hostname"):
            return str(host)
    return None


class GatewayEndpoint(Component):
    """The URL of one gateway: from the stack, or read from its Service; `url` is None while that has no address."""

    url: pulumi.Output[str | None]

    def __init__(self, name: str, gateway: Gateway, provider: kubernetes.Provider) -> None:
        super().__init__(name)
        if gateway.address:
            self.url = pulumi.Output.from_input(url(gateway.address, gateway.port))
        else:
            service = objects.existing_service(
                self.child_name("service"), str(gateway.service), self.child_options(provider)
            )
            self.url = service.status.apply(lambda status: _service_url(status, gateway.port))
        self.register_outputs({"url": self.url})


def _service_url(status: Any, port: int) -> str | None:
    host = load_balancer_host(status)
    return url(host, port) if host else None


def _field(value: Any, *names: str) -> Any:
    """A field of the plug-in's typed output or of a plain mapping."""
    for name in names:
        found = value.get(name) if isinstance(value, dict) else getattr(value, name, None)
        if found is not None:
            return found
    return None
