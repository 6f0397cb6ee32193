"""What a canary's steps say, in words: matches, copies, scales, analyses, experiments and plug-ins."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from meshroll.manifests.durations import described

_KINDS = {"exact": "", "prefix": "beginning with ", "regex": "matching "}


@dataclass(frozen=True)
class Header:
    """One condition on a request's header; `match` is exact, prefix or regex."""

    name: str
    match: str
    value: str

    def __str__(self) -> str:
        return (
            f"{self.name}: {self.value}" if self.match == "exact" else f"{self.name} {_KINDS[self.match]}{self.value}"
        )


def headers(route: Mapping[str, Any]) -> tuple[Header, ...]:
    """Every condition of a header's route. Raises TypeError, KeyError and the like for other shapes."""
    return tuple(
        Header(str(match["headerName"]), kind, str(value))
        for match in route.get("match") or ()
        for kind, value in _values(match["headerValue"])
    )


def header_route(route: Mapping[str, Any]) -> str:
    """Which requests a header's route takes; a list without a match takes all of them."""
    return " or ".join(map(str, headers(route))) or "all requests"


def mirror_route(route: Mapping[str, Any]) -> str:
    """Which requests are copied to the new version."""
    percent = route.get("percentage")
    share = "" if percent in (None, 100) else f"{percent}% of "
    found = " or ".join(_conditions(match) for match in route["match"])
    requests = f"the requests with {found}" if found else "all requests"
    return f"copies of {share}{requests}"


def canary_scale(scale: Mapping[str, Any]) -> str:
    """How many pods the new version has from here on."""
    found = []
    if scale.get("weight") is not None:
        found.append(f"{scale['weight']}% of the replicas")
    if scale.get("replicas") is not None:
        found.append(_pods(scale["replicas"]))
    if scale.get("matchTrafficWeight"):
        found.append("its share of the requests")
    return f"canary scaled to {' and '.join(found)}" if found else as_it_stands({"setCanaryScale": scale})


def analysis(value: Mapping[str, Any]) -> str:
    """The templates of an analysis."""
    return f"analysis of {_names(_template(item) for item in value['templates'])}"


def experiment(value: Mapping[str, Any]) -> str:
    """An experiment's pods, analyses and duration."""
    text = f"an experiment with {_names(_experiment_template(item) for item in value['templates'])}"
    if value.get("analyses"):
        text += f" and analysis of {_names(_template(item) for item in value['analyses'])}"
    return f"{text} runs for {described(value['duration'])}" if value.get("duration") else f"{text} runs"


def as_it_stands(step: object) -> str:
    """A step of a kind that is not known, or that has another shape than its kind has."""
    return f"unknown step {plain(step)}"


def plain(value: object) -> str:
    """A value of YAML in one line."""
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except (TypeError, ValueError):  # a key that is not a text
        return str(value)


def _values(value: Mapping[str, Any]) -> Sequence[tuple[str, Any]]:
    """The kinds of a match that have a value; Argo Rollouts takes exactly one, and others are not hidden."""
    found = [(kind, value[kind]) for kind in _KINDS if value.get(kind)]
    if not found or value.keys() - _KINDS.keys():
        raise ValueError(value)
    return found


def _conditions(match: Mapping[str, Any]) -> str:
    parts = {"method": match.get("method"), "path": match.get("path")}
    named = [(name, value) for name, value in parts.items() if value]
    named += list((match.get("headers") or {}).items())
    if not named or match.keys() - {*parts, "headers"}:
        raise ValueError(match)
    return " and ".join(str(Header(name, kind, text)) for name, value in named for kind, text in _values(value))


def _template(item: Mapping[str, Any]) -> str:
    return f"{item['templateName']}{' (of the cluster)' if item.get('clusterScope') else ''}"


def _experiment_template(item: Mapping[str, Any]) -> str:
    details = [str(item["specRef"])] if item.get("specRef") else []
    if item.get("replicas") is not None:
        details.append(_pods(item["replicas"]))
    if item.get("weight") is not None:
        details.append(f"{item['weight']}%")
    return f"{item['name']} ({', '.join(details)})" if details else str(item["name"])


def _pods(number: int) -> str:
    return f"{number} pod{'' if number == 1 else 's'}"


def _names(names: Iterable[str]) -> str:
    *before, last = names
    return f"{', '.join(before)} and {last}" if before else last
