"""Every rule by one fault, and what has none."""

from __future__ import annotations

import pytest

from meshroll.manifests.lint import NOT_JUDGED, PLUGIN, RULES, Options, Severity, Waiver, lint
from tests.support.lint.objects import (
    NAME,
    Object,
    between_services,
    canary_of,
    routes_of,
    routing_of,
)
from tests.support.lint.variations import (
    changed,
    gateway,
    ingress,
    nginx,
    services,
    spec_of,
)
from tests.unit.manifests.lint.faults import BAD
from tests.unit.manifests.lint.in_order import GOOD


@pytest.mark.parametrize(("rule", "objects"), BAD, ids=[f"{number}-{rule}" for number, (rule, _) in enumerate(BAD)])
def test_a_fault_is_found_by_its_rule(rule: str, objects: list[Object]) -> None:
    assert {flaw.rule.id for flaw in lint(objects)} - ALSO.get(rule, set()) == {rule}


# What follows of a fault and is found beside it.
ALSO = {
    "rollout-workload-reference": {"not-found-here"},
    "services-apart": {"canary-service-is-the-host"},
}


@pytest.mark.parametrize("objects", [objects for _, objects in GOOD], ids=[what for what, _ in GOOD])
def test_what_is_in_order_has_no_finding(objects: list[Object]) -> None:
    assert [str(flaw) for flaw in lint(objects)] == []


def test_every_rule_is_tried() -> None:
    tried = {rule for rule, _ in BAD} | {"gateway-port", PLUGIN.id, NOT_JUDGED.id}
    assert tried == {rule.id for rule in RULES}


def test_the_ids_of_rules_are_different() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)


def test_a_port_that_the_stacks_gateways_do_not_have_is_found() -> None:
    objects = [gateway("public", "shop.example", port=9090)]
    assert [str(flaw) for flaw in lint(objects, options=Options(gateway_ports=(80,)))] == [
        "Gateway public /spec/servers/0/port/number: the stack's gateways have no port 9090, but 80 [gateway-port]"
    ]
    assert lint(objects, options=Options(gateway_ports=(9090,))) == lint(objects) == []


def test_what_is_not_among_all_objects_is_an_error() -> None:
    objects = services(lambda o: routing_of(o)["istio"]["virtualService"].update(name="nobody"))
    assert [(flaw.rule.id, flaw.severity) for flaw in lint(objects)] == [("not-found-here", Severity.NOTE)]
    assert [flaw.severity for flaw in lint(objects, complete=True)] == [Severity.ERROR]


def test_a_malformed_object_keeps_no_other_from_being_judged() -> None:
    objects = services(lambda o: routes_of(o)[0].update(route="shop") or canary_of(o)["steps"].append({}))
    assert [str(flaw) for flaw in lint(objects)] == [
        (
            "VirtualService shop /spec/http/0/route: it is a text ('shop'), and the API server takes a list here "
            "[field-type]"
        ),
        "Rollout shop /spec/strategy/canary/steps/4: the step is empty [step-exactly-one-kind]",
    ]


def test_an_object_of_a_shape_that_nobody_foresaw_is_said_to_be_not_judged() -> None:
    objects = [*nginx(), changed([ingress(NAME)], lambda o: o[0]["spec"]["rules"][0]["http"].update(paths=5))[0]]
    (flaw,) = lint(objects)
    assert (flaw.rule.id, flaw.title) == ("not-judged", "Rollout shop")


def test_the_folders_of_environments_are_told_apart() -> None:
    objects = [*between_services(), *between_services()]
    files = ["east/a.yaml"] * 4 + ["west/a.yaml"] * 4
    assert lint(objects, files) == []
    assert {flaw.rule.id for flaw in lint(objects, ["a.yaml"] * 8)} == {"object-twice"}


def test_a_waived_rule_is_not_reported() -> None:
    objects = services(
        lambda o: spec_of(o).update(replicas=-1, revisionHistoryLimit=-1), lambda o: spec_of(o).pop("selector")
    )

    def found(*waivers: Waiver) -> list[str]:
        return sorted({flaw.rule.id for flaw in lint(objects, options=Options(waivers=waivers))})

    reason = "it is only a test"
    assert found(Waiver("rollout-selector", reason)) == ["rollout-negative-number"]
    assert found(Waiver("rollout-selector", reason, "Rollout shop")) == ["rollout-negative-number"]
    assert found(Waiver("rollout-selector", reason, "Rollout other")) == ["rollout-negative-number", "rollout-selector"]
