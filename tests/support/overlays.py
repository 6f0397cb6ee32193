"""Overlays of Kustomize, drawn: a base, perhaps a level between and a component, each with what may set a version.

Patches are in files of their own or in the kustomization itself, as blocks of text.
"""

from __future__ import annotations

import random
from typing import Any

import yaml

Files = dict[str, str]
PROD = "overlays/prod"
NAMES = ("reg/team/web", "placeholder", "reg/new", "p/envoy", "shop")


class _Block(str):
    """A text to be written as a block."""

    __slots__ = ()


class _Dumper(yaml.SafeDumper):
    """YAML with blocks of text."""


_Dumper.add_representer(_Block, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|"))


def overlays(dice: random.Random) -> Files:
    """The files of a repository whose folder `overlays/prod` builds the Deployment shop."""
    files: Files = {"base/deployment.yaml": yaml.safe_dump(_deployment(dice))}
    _layer(dice, files, "base", {"resources": ["deployment.yaml"]})
    below = "base"
    if dice.random() < 0.4:
        _layer(dice, files, "middle", {"resources": ["../base"]})
        below = "middle"
    prod: dict[str, Any] = {"resources": [f"../../{below}"]}
    if dice.random() < 0.3:
        component = {"apiVersion": "kustomize.config.k8s.io/v1alpha1", "kind": "Component"}
        _layer(dice, files, "component", component)
        prod["components"] = ["../../component"]
    _layer(dice, files, PROD, prod)
    return files


def _deployment(dice: random.Random) -> dict[str, Any]:
    image = dice.choice(["reg/team/web:1.0", "placeholder", "reg/team/web:1.0"])
    pod: dict[str, Any] = {"containers": [{"name": "shop", "image": image}]}
    if dice.random() < 0.4:
        pod["containers"].append({"name": "proxy", "image": "p/envoy:9"})
    if dice.random() < 0.3:
        pod["initContainers"] = [{"name": "init", "image": image}]
    labels = {"app": "shop"} | ({"version": "v1"} if dice.random() < 0.3 else {})
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "shop"},
        "spec": {
            "selector": {"matchLabels": {"app": "shop"}},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }


def _layer(dice: random.Random, files: Files, folder: str, document: dict[str, Any]) -> None:
    if dice.random() < 0.7 and (images := _images(dice)):
        document["images"] = images
    if dice.random() < 0.3:
        containers = [{"name": "shop", "image": dice.choice(["reg/team/web:3.0", "reg/new:3.1"])}]
        template = {"spec": {"template": {"spec": {"containers": containers}}}}
        patch = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "shop"}, **template}
        if dice.random() < 0.5:
            written = _Block(yaml.safe_dump(patch))
            document |= dice.choice([{"patches": [{"patch": written}]}, {"patchesStrategicMerge": [written]}])
        else:
            files[f"{folder}/patch.yaml"] = yaml.safe_dump(patch)
            document |= dice.choice([{"patches": [{"path": "patch.yaml"}]}, {"patchesStrategicMerge": ["patch.yaml"]}])
    if dice.random() < 0.2:
        operation = _operation(dice)
        target = {"kind": "Deployment", "name": dice.choice(["shop", ".*", "sh.*"])}
        entry: dict[str, Any] = {"patch": _Block(yaml.safe_dump([operation])), "target": target}
        if dice.random() < 0.5:
            files[f"{folder}/operations.yaml"] = yaml.safe_dump([operation])
            entry = {"path": "operations.yaml", "target": target}
        document["patches"] = [*document.get("patches", []), entry]
    if dice.random() < 0.15:
        document["commonLabels"] = {"version": "c1"}
    elif dice.random() < 0.2:
        reach = dice.choice([{}, {"includeTemplates": True}, {"includeSelectors": True}])
        document["labels"] = [{"pairs": {"version": "l1"}, **reach}]
    if dice.random() < 0.2 and document.get("kind") != "Component":
        document["namePrefix"] = "prod-"
    files[f"{folder}/kustomization.yaml"] = yaml.dump(document, Dumper=_Dumper)


def _operation(dice: random.Random) -> dict[str, Any]:
    """An operation on an image, a whole container, a list of them or labels."""
    pods, shop = "/spec/template/spec", {"name": "shop", "image": "reg/team/web:4.1"}
    labels = {"app": "shop", "version": "o1"}
    return dice.choice(
        [
            {"op": "replace", "path": f"{pods}/containers/0/image", "value": "reg/team/web:4.0"},
            {"op": "replace", "path": f"{pods}/containers/0", "value": shop},
            {"op": "replace", "path": f"{pods}/containers", "value": [{"name": "log", "image": "p/log:1"}, shop]},
            {"op": "add", "path": f"{pods}/containers/0", "value": {"name": "log", "image": "p/log:1"}},
            {"op": "add", "path": f"{pods}/containers/-", "value": {"name": "log", "image": "p/log:1"}},
            {"op": "replace", "path": "/spec/template/metadata/labels", "value": labels},
            {"op": "replace", "path": "/spec/template/metadata", "value": {"labels": labels}},
            {"op": "add", "path": "/spec/template/metadata/labels/version", "value": "o2"},
        ]
    )


def _images(dice: random.Random) -> list[dict[str, str]]:
    entries = []
    for name in dice.sample(NAMES, dice.randint(0, 3)):
        entry = {"name": name}
        if dice.random() < 0.4:
            entry["newName"] = dice.choice(["reg/new", "reg/other/web"])
        if dice.random() < 0.7:
            entry["newTag"] = dice.choice(["1.1", "1.2", "rc"])
        elif dice.random() < 0.5:
            entry["digest"] = "sha256:" + dice.choice("123") * 64
        entries.append(entry)
    return entries
