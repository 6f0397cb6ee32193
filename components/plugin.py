"""Meshroll's own plug-in, started as early as possible.

The engine starts a plug-in when the first resource needs it, and the Release is the last. Asked to do nothing first of
all, the plug-in loads while the program reads its settings and looks at the clusters.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import Final

import grpc
import pulumi
from pulumi.runtime import config
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.settings import get_monitor

from meshroll.errors import BadInputError
from meshroll.provider import NAME, START

MOST_BYTES: Final = 128 * 1024  # of one environment variable on Linux (MAX_ARG_STRLEN in binfmts.h)
_ESCAPED: Final = "<>&\u2028\u2029"  # in Go's JSON: six bytes each


def start_plugin() -> None:
    """Have the engine start the plug-in; nobody waits for it, and a Release shows what keeps it from starting."""
    monitor = get_monitor()
    if monitor is None or _configuration_bytes() > MOST_BYTES:
        return

    def ask() -> None:
        with suppress(grpc.RpcError):
            monitor.Invoke(resource_pb2.ResourceInvokeRequest(tok=START, acceptResources=True))

    asyncio.get_running_loop().run_in_executor(None, ask)


def check_configuration() -> None:
    """Raise BadInputError for more configuration than the engine can hand to the plug-in.

    It does so in one environment variable, and says no more than "argument list too long".
    """
    if (size := _configuration_bytes()) > MOST_BYTES:
        raise BadInputError(
            f"its configuration takes {size} bytes, and Pulumi hands it to plug-ins in one environment variable",
            where=f"stack {pulumi.get_stack()}",
            expected=f"at most {MOST_BYTES}: the services in a file, meshroll:services: {{file: services.yaml}}",
        )


def _configuration_bytes() -> int:
    """The bytes of the variable: one JSON text of all keys in the plug-in's namespace."""
    texts = {**config.get_config_env(), **config.CONFIG.get()}
    ours = {key.removeprefix(f"{NAME}:"): text for key, text in texts.items() if key.startswith(f"{NAME}:")}
    text = json.dumps(ours, ensure_ascii=False, separators=(",", ":"))
    escapes = sum(text.count(character) * (6 - len(character.encode())) for character in _ESCAPED)
    return len("PULUMI_CONFIG=") + len(text.encode()) + escapes + len("\0")
