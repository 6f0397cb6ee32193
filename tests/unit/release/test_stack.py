"""A Release's inputs from a stack."""

from __future__ import annotations

from dataclasses import replace

from meshroll.manifests.lint import Options, Waiver
from meshroll.release.stack import lint_options
from meshroll.settings.model import Gateway
from tests.support.stacks import stack


def test_the_ports_of_gateway_services_are_given_to_the_lint() -> None:
    made = stack()
    worker = made.workers[0]
    of_service = Gateway(worker, address=None, service="istio-system/public", port=80)
    assert lint_options(replace(made, gateways={worker: of_service}), [worker]) == Options(gateway_ports=(80,))
    assert lint_options(replace(made, gateways={worker: of_service}), ["another"]) == Options()


def test_what_the_stack_says_of_the_plugin_is_given_to_the_lint() -> None:
    assert lint_options(replace(stack(), ask_plugin=True), []) == Options(ask_plugin=True)


def test_behind_an_address_the_port_of_the_gateway_is_not_known() -> None:
    made = stack()
    behind = Gateway(made.workers[0], address="203.0.113.1", service=None, port=80)
    assert lint_options(replace(made, gateways={behind.cluster: behind}), [behind.cluster]) == Options()


def test_what_the_stack_waives_is_given_to_the_lint() -> None:
    waiver = Waiver("not-found-here", "another team's Service", "Rollout shop")
    assert lint_options(replace(stack(), waivers=(waiver,)), []) == Options(waivers=(waiver,))
