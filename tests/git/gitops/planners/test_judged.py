"""What the lint says of a tree as it will be after a plan's edits, and what was not judged."""

from __future__ import annotations

import yaml

from meshroll.gitops.planners import DesiredVersion, plan_adopted
from meshroll.gitops.plans import Finding, Plan
from meshroll.manifests.lint import Options
from tests.support.git.repositories import Repository
from tests.support.lint.objects import Object, between_services, between_subsets, by_kind, istio, service

FOLDER = "live/shop"


def written(*objects: Object) -> str:
    return "---\n".join(yaml.safe_dump(item, sort_keys=False) for item in objects)


def plan(repository: Repository, path: str = FOLDER, service: str = "shop") -> Plan:
    return plan_adopted(repository.remote, path, [DesiredVersion(service, "v2")], cache=repository.cache)


def lint(repository: Repository, path: str = FOLDER) -> list[Finding]:
    return [finding for finding in plan(repository, path).findings if finding.kind != "image-unchanged"]


def test_objects_in_order_have_no_finding(repository: Repository) -> None:
    repository.commit(write={f"{FOLDER}/all.yaml": written(*between_services())})
    assert lint(repository) == []


def test_a_service_that_pins_the_version_is_found_before_it_is_released(repository: Repository) -> None:
    objects = between_services()
    objects[0]["spec"]["selector"]["version"] = "v1"
    repository.commit(write={f"{FOLDER}/all.yaml": written(*objects)})
    pointer = "/spec/strategy/canary/stableService"
    message = f"Rollout shop {pointer}: Service shop selects version=v1, and the pods will not carry it"
    (found,) = lint(repository)
    assert found == Finding(
        "lint",
        f"{message} [service-selects-pods]",
        "shop",
        f"{FOLDER}/all.yaml",
        found.line,
        "service-selects-pods",
        "error",
        pointer,
    )
    line = repository.read(f"{FOLDER}/all.yaml").splitlines()[found.line - 1]
    assert line.strip() == "stableService: shop"


def test_a_selector_that_pins_the_version_is_found_before_it_is_released(repository: Repository) -> None:
    objects = between_services()
    objects[-1]["spec"]["selector"]["matchLabels"]["version"] = "v1"
    repository.commit(write={f"{FOLDER}/all.yaml": written(*objects)})
    assert [finding.rule for finding in lint(repository)] == ["rollout-selects-pods"]


def test_what_is_not_here_is_a_note_that_names_the_folder(repository: Repository) -> None:
    repository.commit(write={f"{FOLDER}/all.yaml": written(*between_services()[1:])})
    assert [(finding.severity, finding.message) for finding in lint(repository)] == [
        (
            "note",
            (
                "VirtualService shop /spec/http/0/route/0/destination/host: there is no Service shop here "
                "[not-found-here] (note) (below live/shop)"
            ),
        ),
        (
            "note",
            (
                "Rollout shop /spec/strategy/canary/stableService: there is no Service shop here "
                "[not-found-here] (note) (below live/shop)"
            ),
        ),
    ]


def test_of_a_single_file_only_what_stands_in_it_is_judged(repository: Repository) -> None:
    objects = between_services()
    objects[-1]["spec"]["strategy"]["canary"]["steps"] = [{"setWeight": 101}]
    files = {f"{FOLDER}/rollout.yaml": written(objects[-1]), f"{FOLDER}/rest.yaml": written(*objects[:-1])}
    repository.commit(write=files)
    assert [finding.rule for finding in lint(repository, f"{FOLDER}/rollout.yaml")] == ["step-weight"]


def test_objects_that_do_not_concern_the_service_are_passed_over(repository: Repository) -> None:
    stray = yaml.safe_dump(by_kind(between_subsets(), "Rollout")).replace("shop", "stock")
    repository.commit(write={f"{FOLDER}/all.yaml": written(*between_services()), f"{FOLDER}/stock.yaml": stray})
    assert lint(repository) == []


def test_a_malformed_object_is_named_and_the_others_are_judged(repository: Repository) -> None:
    objects = between_services()
    objects[2]["spec"]["http"][0]["route"][0]["weight"] = "50"
    objects[-1]["spec"]["strategy"]["canary"]["steps"] = [{"setWeight": 101}]
    repository.commit(write={f"{FOLDER}/all.yaml": written(*objects)})
    assert [(finding.rule, finding.message) for finding in lint(repository)] == [
        (
            "field-type",
            (
                "VirtualService shop /spec/http/0/route/0/weight: it is a text ('50'), and the API server takes "
                "a whole number here [field-type]"
            ),
        ),
        (
            "step-weight",
            "Rollout shop /spec/strategy/canary/steps/0/setWeight: 101 is not within 0 to 100 [step-weight]",
        ),
    ]


def test_an_object_without_a_name_that_is_a_text_is_named(repository: Repository) -> None:
    odd = "apiVersion: v1\nkind: Service\nmetadata: {name: 5}\n---\napiVersion: v1\nkind: [x]\nmetadata: {name: a}\n"
    job = "apiVersion: batch/v1\nkind: Job\nmetadata: {generateName: shop-}\n"
    repository.commit(write={f"{FOLDER}/all.yaml": odd + "---\n" + job + "---\n" + written(*between_services())})
    assert [finding.message for finding in lint(repository)] == [
        f"not judged: the kind or the name of an object is not a text ({FOLDER}/all.yaml:{line}) [not-judged]"
        for line in (2, 6)
    ]


def test_the_items_of_every_kind_of_list_are_judged(repository: Repository) -> None:
    objects = between_services()
    del objects[-1]["spec"]["selector"]
    group = {"apiVersion": "argoproj.io/v1alpha1", "kind": "RolloutList", "items": [objects[-1]]}
    whole = {"apiVersion": "v1", "kind": "List", "items": [*objects[:-1], group]}
    repository.commit(write={f"{FOLDER}/all.yaml": written(whole)})
    assert [finding.rule for finding in lint(repository)] == ["rollout-selector"]


def test_a_file_that_cannot_be_read_is_named(repository: Repository) -> None:
    files = {f"{FOLDER}/all.yaml": written(*between_services()), f"{FOLDER}/templates/x.yaml": "{{ if .x }}\na: [\n"}
    repository.commit(write=files)
    (found,) = lint(repository)
    message = f"not judged: {FOLDER}/templates/x.yaml cannot be read as YAML [not-judged]"
    assert found == Finding("lint", message, "shop", FOLDER, 0, "not-judged", "note")


def test_more_than_a_hundred_files_are_judged(repository: Repository) -> None:
    objects = between_services()
    del objects[-1]["spec"]["selector"]
    many = {f"{FOLDER}/s{number}.yaml": written(service(f"s{number}")) for number in range(150)}
    repository.commit(write={f"{FOLDER}/all.yaml": written(*objects), **many})
    assert [finding.rule for finding in lint(repository)] == ["rollout-selector"]


def test_the_folders_of_two_environments_do_not_get_in_each_others_way(repository: Repository) -> None:
    files = {f"live/{name}/shop/all.yaml": written(*between_services()) for name in ("east", "west")}
    repository.commit(write=files)
    assert lint(repository, "live/{cluster}/shop") == []
    other = written(*between_services()).replace("name: shop\n", "name: cart\n", 1)
    repository.commit(write={"all/east/a.yaml": written(*between_services()), "all/west/b.yaml": other})
    assert lint(repository, "all/east") == []


def test_a_gateway_on_a_port_that_the_stacks_gateways_do_not_have_is_found(repository: Repository) -> None:
    server = {"hosts": ["shop.example"], "port": {"number": 9090, "name": "http", "protocol": "HTTP"}}
    public = istio("Gateway", "shop", {"selector": {"istio": "ingressgateway"}, "servers": [server]})
    repository.commit(write={f"{FOLDER}/all.yaml": written(*between_services(), public)})
    for ports, rules in (((80,), ["gateway-port"]), ((80, 9090), []), ((), [])):
        desired = [DesiredVersion("shop", "v2")]
        planned = plan_adopted(repository.remote, FOLDER, desired, cache=repository.cache, options=Options(ports))
        assert [finding.rule for finding in planned.findings if finding.kind == "lint"] == rules
