"""The plug-in's package schema: that of the properties which a Release reads."""

from __future__ import annotations

import json

from meshroll.provider import RELEASE
from meshroll.provider.schema import schema
from meshroll.release.property_shapes import COMPUTED, SHAPE


def test_it_has_every_property_that_a_program_gives_and_no_other() -> None:
    release = json.loads(schema())["resources"][RELEASE]
    assert set(release["inputProperties"]) == set(SHAPE.keys) - set(COMPUTED)
    assert release["requiredInputs"] == ["stack", "repository", "path", "namespace", "services"]
    assert release["inputProperties"]["wait"] == {
        "type": "string",
        "description": "How far an update waits. One of committed, synced, step, finished.",
        "default": "synced",
    }


def test_a_mapping_with_known_keys_is_a_type_of_its_own_and_credentials_are_secret() -> None:
    types = json.loads(schema())["types"]
    repository = types["meshroll:index:ReleaseRepository"]
    assert repository["required"] == ["url"]
    assert repository["properties"]["credentials"] == {
        "$ref": "#/types/meshroll:index:ReleaseRepositoryCredentials",
        "description": "What opens the repository; secret in the state.",
        "secret": True,
    }
    assert types["meshroll:index:ReleaseServicesItem"]["properties"]["parameters"] == {
        "type": "object",
        "additionalProperties": {"$ref": "pulumi.json#/Any"},
        "description": "Of the template.",
    }
