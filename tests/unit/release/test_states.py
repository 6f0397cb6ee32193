"""Properties as the states of existing stacks hold them: `states/` was written by the release 0.1.0.

Each is read, written back exactly as it was, and made again from the stack file that it came from, but for what a
later release derives from the same file.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from meshroll.release.properties import from_properties, to_properties
from meshroll.release.property_shapes import COMPUTED
from meshroll.release.stack import from_stack, release_groups
from meshroll.settings import load_file
from tests.support.checkout import CHECKOUT

STATES = Path(__file__).with_name("states")
SANDBOX = {
    "MESHROLL_KUBECONFIG": "/sandbox/kubeconfig",
    "MESHROLL_REMOTE_KUBECONFIG_WORKER_1": "apiVersion: v1",
    "MESHROLL_GATEWAY_WORKER_1": "127.69.0.1",
    "MESHROLL_REPOSITORY": "file:///sandbox/rollouts.git",
}
PRODUCTION = {"MESHROLL_REPOSITORY_PASSWORD": "s3cret"}


def state(name: str) -> dict[str, Any]:
    values: dict[str, Any] = json.loads((STATES / f"{name}.json").read_text())
    return values.get("inputs", values)


@pytest.mark.parametrize("file", sorted(STATES.glob("*.json")), ids=lambda file: file.stem)
def test_a_state_is_read_and_written_back_as_it_was(file: Path) -> None:
    before = state(file.stem)
    assert to_properties(from_properties(before)) == before


@pytest.mark.parametrize(
    ("stack", "environ", "files", "derived_since"),
    [
        ("sandbox", SANDBOX, {"dubbo-worker-1": "sandbox"}, {}),
        (
            "production",
            PRODUCTION,
            {"shop-shanghai": "production-shop-shanghai"},
            {"lint": {"gatewayPorts": [80]}},
        ),
        (
            "production-adopted",
            PRODUCTION,
            {
                "shop-beijing": "production-adopted-shop-beijing",
                "shop-shanghai": "production-adopted-shop-shanghai",
            },
            {},
        ),
    ],
)
def test_the_stack_of_a_state_makes_the_same_properties(
    stack: str, environ: dict[str, str], files: dict[str, str], derived_since: dict[str, Any]
) -> None:
    settings = load_file(CHECKOUT / "stacks" / f"Pulumi.{stack}.yaml", environ)
    made = {name: to_properties(from_stack(settings, clusters)) for name, clusters in release_groups(settings).items()}
    given = {
        name: {key: value for key, value in state(file).items() if key not in COMPUTED} | derived_since
        for name, file in files.items()
    }
    for values in (*made.values(), *given.values()):
        values["services"].sort(key=lambda service: service["name"])  # Pulumi hands mappings over sorted
    assert made == given
