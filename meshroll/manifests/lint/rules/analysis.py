"""The analyses of a Rollout: the templates that they name, and what those need."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from meshroll.manifests.index import at
from meshroll.manifests.lint.model import Flaw, Rule, Severity
from meshroll.manifests.lint.objects import ARGO, Item
from meshroll.manifests.lint.rollout import CANARY, STEPS, STRATEGY, Rollout
from meshroll.manifests.lint.rules.references import NOT_FOUND

OWNER = "Argo Rollouts"
_TAG = re.compile(r"\{\{(.*?)\}\}")

NAMES = Rule(
    "analysis-names-twice",
    Severity.ERROR,
    OWNER,
    "The templates of one analysis have a metric, a dry run or a retention of one name twice.",
    "The Rollout is InvalidSpec.",
    "Give each a name of its own.",
)
ARGUMENTS = Rule(
    "analysis-argument-missing",
    Severity.ERROR,
    OWNER,
    "An analysis does not give an argument that its template has without a value, or two templates of it disagree on "
    "a value, or a metric uses an argument that the template does not have.",
    "The Rollout is InvalidSpec.",
    "Give the argument under `args` of the analysis, or a value to it in the template.",
)
ENDLESS = Rule(
    "analysis-endless",
    Severity.ERROR,
    OWNER,
    "A step's analysis has a metric with an interval and no count.",
    "The Rollout is InvalidSpec: the step would never end.",
    "Give the metric a count, or run the template in the background (`spec.strategy.canary.analysis`).",
)
EMPTY = Rule(
    "analysis-empty",
    Severity.HARM,
    OWNER,
    "An analysis names no template.",
    "Argo Rollouts makes no AnalysisRun of it, and waits for one: the step, or the promotion, never ends. In "
    "the background (`canary.analysis`), nothing is analysed.",
    "Name a template, or remove the analysis.",
)
RULES = (NAMES, ARGUMENTS, ENDLESS, EMPTY)


@dataclass(frozen=True)
class _Analysis:
    pointer: str
    value: Mapping[str, Any]
    background: bool = False


def check(rollout: Rollout) -> Iterator[Flaw]:
    """All that is wrong with a Rollout's analyses, as far as their templates are here."""
    for analysis in _analyses(rollout):
        references = analysis.value.get("templates") or ()
        if not references:
            yield EMPTY.found(analysis.pointer, "it names no template")
        found: dict[int, Item] = {}
        missing = list(_missing(rollout, references, f"{analysis.pointer}/templates", found))
        yield from missing
        if not missing and all(item.judged for item in found.values()):
            yield from _templates(analysis, list(found.values()))
    for number, step in enumerate(rollout.steps):
        for index, analysis_of in enumerate(at(step, "experiment", "analyses") or ()):
            yield from _missing(rollout, [analysis_of], f"{STEPS}/{number}/experiment/analyses/{index}", {}, late=True)


def templates_of(rollout: Rollout) -> Iterator[tuple[str, Item]]:
    """The templates that must be there before the Rollout starts, as far as they are here, with who names them."""
    for analysis in _analyses(rollout):
        found: dict[int, Item] = {}
        pointer = f"{analysis.pointer}/templates"
        list(_missing(rollout, analysis.value.get("templates") or (), pointer, found))
        yield from ((pointer, item) for item in found.values())


def _analyses(rollout: Rollout) -> Iterator[_Analysis]:
    for key in ("prePromotionAnalysis", "postPromotionAnalysis"):
        if at(rollout.blue_green, key) is not None:
            yield _Analysis(f"{STRATEGY}/blueGreen/{key}", at(rollout.blue_green, key))
    for number, step in enumerate(rollout.steps):
        if step.get("analysis") is not None:
            yield _Analysis(f"{STEPS}/{number}/analysis", step["analysis"])
    if at(rollout.canary, "analysis") is not None:
        yield _Analysis(f"{CANARY}/analysis", at(rollout.canary, "analysis"), background=True)


def _missing(
    rollout: Rollout,
    references: Sequence[Mapping[str, Any]],
    pointer: str,
    found: dict[int, Item],
    *,
    late: bool = False,
) -> Iterator[Flaw]:
    """Templates that are not here; `found` gets those that are, also those that they name. Late: of an experiment."""
    for reference in references:
        wide, name = bool(reference.get("clusterScope")), str(reference.get("templateName") or "")
        kind = "ClusterAnalysisTemplate" if wide else "AnalysisTemplate"
        item = rollout.objects.get(ARGO, kind, "" if wide else rollout.namespace, name, rollout.item)
        if item is None:
            severity = Severity.HARM if late else Severity.ERROR
            message = f"there is no {kind} {name} here"
            yield NOT_FOUND.found(pointer, message, severity=severity if rollout.objects.complete else None)
        elif item.number not in found:
            found[item.number] = item
            if item.judged:
                yield from _missing(rollout, at(item.body, "spec", "templates") or (), pointer, found, late=late)


def _templates(analysis: _Analysis, items: Sequence[Item]) -> Iterator[Flaw]:
    related = [item.number for item in items]
    for key, field, what in (
        ("metrics", "name", "metric"),
        ("dryRun", "metricName", "dry run"),
        ("measurementRetention", "metricName", "retention"),
    ):
        own = (analysis.value.get(key) or []) if key != "metrics" else []
        names = [str(each[field]) for item in items for each in at(item.body, "spec", key) or ()]
        names += [str(each[field]) for each in own]
        for name in dict.fromkeys(name for name in names if names.count(name) > 1):
            yield NAMES.found(f"{analysis.pointer}/templates", f"there are two {what}s {name}", *related)
    yield from _arguments(analysis, items, related)
    if not analysis.background:
        for item in items:
            yield from _metrics(analysis, item)


def _arguments(analysis: _Analysis, items: Sequence[Item], related: Sequence[int]) -> Iterator[Flaw]:
    given = {str(argument["name"]) for argument in analysis.value.get("args") or ()}
    every: dict[str, Mapping[str, Any]] = {}
    for item in items:
        for argument in at(item.body, "spec", "args") or ():
            name, value = str(argument["name"]), argument.get("value")
            before = every.get(name, {}).get("value")
            if before is not None and value is not None and before != value:
                message = f"two templates give {name} the values {before} and {value}"
                yield ARGUMENTS.found(f"{analysis.pointer}/templates", message, *related)
            if before is None:
                every[name] = argument
    for name, argument in every.items():
        if name not in given and argument.get("value") is None and argument.get("valueFrom") is None:
            yield ARGUMENTS.found(f"{analysis.pointer}/args", f"the argument {name} has no value", *related)


def _metrics(analysis: _Analysis, item: Item) -> Iterator[Flaw]:
    known: dict[str, str] = {}
    for argument in at(item.body, "spec", "args") or ():
        name = str(argument["name"])
        if argument.get("value") is not None and argument.get("valueFrom") is not None:
            message = f"{item.kind} {item.name} gives {name} a value and a valueFrom"
            yield ARGUMENTS.found(f"{analysis.pointer}/templates", message, item.number)
        known[name] = "dummy" if argument.get("value") is None else str(argument["value"])
    for metric in at(item.body, "spec", "metrics") or ():
        tags = {tag.strip() for tag in _TAG.findall(json.dumps(metric, default=str))}
        for tag in sorted(tag for tag in tags if tag.removeprefix("args.") not in known or not tag.startswith("args.")):
            message = f"metric {metric['name']} of {item.kind} {item.name} uses {tag}, which it does not have"
            yield ARGUMENTS.found(f"{analysis.pointer}/templates", message, item.number)
        if metric.get("interval") and not _count(metric.get("count"), known):
            message = f"metric {metric['name']} of {item.kind} {item.name} has an interval and no count"
            yield ENDLESS.found(f"{analysis.pointer}/templates", message, item.number)


def _count(value: Any, known: Mapping[str, str]) -> int:
    """A count as Argo Rollouts reads it: a text that is not a number is none."""
    text = _TAG.sub(lambda tag: known.get(tag[1].strip().removeprefix("args."), ""), str(value))
    try:
        return int(text)
    except ValueError:
        return 0
