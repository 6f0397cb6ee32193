"""`kubectl argo rollouts lint`, the real one, beside our own rules."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
import yaml

from meshroll.gitops.planners import DesiredVersion, ask_plugin, plan_adopted
from meshroll.gitops.plans import Finding
from meshroll.manifests.lint import Options, Severity, Waiver, lint
from tests.support.git.repositories import Repository
from tests.support.lint.objects import Object, between_services, between_subsets, canary_of, routes_of
from tests.support.lint.plugin import plugin
from tests.support.lint.variations import of_stream, taking_over

ASKED = Options(ask_plugin=True)
FOLDER = "live/shop"


@pytest.fixture
def on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", os.pathsep.join([str(plugin()), os.environ["PATH"]]))


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository.make(tmp_path)


def ping_pong() -> list[Object]:
    objects = between_services()
    canary = canary_of(objects)
    canary["pingPong"] = {"pingService": canary.pop("stableService"), "pongService": canary.pop("canaryService")}
    return objects


def faulty() -> list[Object]:
    objects = between_services(steps=[{"setWeight": 101}])
    routes_of(objects)[0]["route"].pop()
    return objects


@pytest.mark.usefixtures("on_path")
def test_it_says_nothing_of_what_is_in_order() -> None:
    for objects in (between_services(), between_subsets(), of_stream("tcp"), ping_pong(), taking_over()):
        assert ask_plugin(objects, (), ASKED) == []


@pytest.mark.usefixtures("on_path")
def test_its_verdicts_are_findings_of_one_rule() -> None:
    flaws = ask_plugin(faulty(), (), ASKED)
    assert {(flaw.rule.id, flaw.severity, flaw.title, flaw.number) for flaw in flaws} == {
        ("argo-rollouts-lint", Severity.ERROR, "Rollout shop", 3)
    }
    assert [flaw.message for flaw in flaws] == [
        "spec.strategy.steps[0].setWeight: Invalid value: 101: SetWeight needs to be between 0 and 100",
        (
            'Invalid value: "shop": Istio VirtualService has invalid HTTP routes. Error: Canary Service '
            "'shop-canary' not found in route"
        ),
    ]
    ours = {flaw.rule.id for flaw in lint(faulty())}
    assert ours == {"step-weight", "route-without-side"}


@pytest.mark.usefixtures("on_path")
def test_it_is_asked_of_the_tree_as_it_will_be(repository: Repository) -> None:
    objects = between_services()
    objects[-1]["spec"]["selector"]["matchLabels"]["version"] = "v1"
    repository.commit(write={f"{FOLDER}/all.yaml": yaml.safe_dump_all(objects)})
    desired = [DesiredVersion("shop", "v2")]
    planned = plan_adopted(repository.remote, FOLDER, desired, cache=repository.cache, options=ASKED)
    (found,) = [finding for finding in planned.findings if finding.rule == "argo-rollouts-lint"]
    assert found == Finding(
        "lint", found.message, "shop", f"{FOLDER}/all.yaml", found.line, "argo-rollouts-lint", "error", ""
    )
    assert found.message.startswith("Rollout shop: spec.template.metadata.labels: Invalid value: ")
    assert '"version":"v2"' in found.message


@pytest.mark.usefixtures("on_path")
def test_a_field_that_no_rollout_has_is_its_verdict_too() -> None:
    objects = between_services()
    canary_of(objects)["stepz"] = []
    (flaw,) = ask_plugin(objects, (), ASKED)
    assert "unknown field" in flaw.message


@pytest.mark.usefixtures("on_path")
def test_it_is_not_asked_without_the_key_and_its_rule_can_be_waived() -> None:
    assert ask_plugin(faulty(), (), Options()) == []
    waived = Options(waivers=(Waiver("argo-rollouts-lint", "it is only a test"),), ask_plugin=True)
    assert ask_plugin(faulty(), (), waived) == []


def test_without_it_a_note_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert [str(flaw) for flaw in ask_plugin(between_services(), (), ASKED)] == [
        "Rollout shop: not judged by kubectl-argo-rollouts: it is not on PATH [not-judged] (note)"
    ]


def test_one_that_fails_is_named_with_its_last_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "kubectl-argo-rollouts"
    program.write_text("#!/bin/sh\necho broken >&2\nexit 3\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", os.pathsep.join([str(tmp_path), os.environ["PATH"]]))
    assert [str(flaw) for flaw in ask_plugin(between_services(), (), ASKED)] == [
        "Rollout shop: not judged by kubectl-argo-rollouts: broken [not-judged] (note)"
    ]
