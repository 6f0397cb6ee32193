"""Pulumi's configuration, as the program gets it.

The language host hands over text by full key; keys with objects hold JSON, and secrets are opened. Of a secret within
an object only the whole key is known to be one. Which file the values came from is not known (`--config-file` is the
engine's affair): the stack's usual file is offered for line numbers, and `load_values` uses it key by key, where it
agrees. A file of services is named from that one's folder. Needs a running Pulumi program; nothing here is imported by
the command line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from meshroll.settings.build import PREFIX
from meshroll.settings.load import decoded_json, load_values, usual_path
from meshroll.settings.model import Stack


@dataclass(frozen=True)
class PulumiConfig:
    """What Pulumi knows of the stack: its name, its decoded values by full key, and the keys that hold secrets."""

    stack: str
    values: Mapping[str, Any] = field(repr=False)
    secret_keys: frozenset[str]
    file: Path  # the usual one of the stack; it need not be there


def read(project: Path) -> PulumiConfig:
    """The configuration of the program that runs; `project` is the folder of Pulumi.yaml."""
    import pulumi
    from pulumi.runtime import config

    texts = {**config.get_config_env(), **config.CONFIG.get()}
    ours = {key: text for key, text in texts.items() if key.startswith(PREFIX)}
    declared = {*config.get_config_secret_keys_env(), *(key for key in ours if config.is_config_secret(key))}
    stack = pulumi.get_stack()
    return PulumiConfig(
        stack=stack,
        values={key: decoded_json(text) for key, text in ours.items()},
        secret_keys=frozenset(declared & ours.keys()),
        file=usual_path(stack, project),
    )


def load(project: Path) -> Stack:
    """The stack of the program that runs."""
    found = read(project)
    return load_values(found.stack, found.values, found.file, secrets=found.secret_keys)
