"""A stack file as Pulumi itself rewrites it, in `pulumi up` of a new stack or `pulumi config set`.

Scalars right below `config` become texts, blank lines go, aliases are written out, dates in mappings become the text of
Go's time, and the key of the stack's secrets is added. Comments, the order of keys and all other values stay.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from meshroll.errors import BadInputError
from meshroll.settings import document, load_file
from meshroll.settings.schema import schema

WRITTEN = """\
# of the team
config:
  meshroll:format: 1 # the only one

  meshroll:clusters: {host: &host {context: host}, east: *host}
  meshroll:workers: [east]
  meshroll:argocd: {cluster: host, project: shop}
  meshroll:repository: {url: /srv/rollouts.git, kind: rendered, path: "live/{cluster}"}
  meshroll:delivery: {namespace: shop, wait: committed}

  # by weight
  meshroll:services:
    shop:
      version: 'v1'
      template: weight
      parameters: {image: "img:1", port: 80, replicas: 0x2}
"""
REWRITTEN = """\
# of the team
config:
  meshroll:format: "1" # the only one
  meshroll:clusters: {host: &host {context: host}, east: {context: host}}
  meshroll:workers: [east]
  meshroll:argocd: {cluster: host, project: shop}
  meshroll:repository: {url: /srv/rollouts.git, kind: rendered, path: "live/{cluster}"}
  meshroll:delivery: {namespace: shop, wait: committed}
  # by weight
  meshroll:services:
    shop:
      version: 'v1'
      template: weight
      parameters: {image: "img:1", port: 80, replicas: 2}
encryptionsalt: v1:EPfQaV8py+g=:v1:KekSAirecPLFi/Rt:ALQEEiIdRmsBrz/6Go/WPfh4f9vOIA==
"""


def file(folder: Path, text: str) -> Path:
    path = folder / "Pulumi.test.yaml"
    path.write_text(text)
    return path


def test_it_fits_the_schema_as_an_editor_reads_it(tmp_path: Path) -> None:
    for text in (WRITTEN, REWRITTEN):
        value = document.read(file(tmp_path, text)).value
        assert [error.message for error in Draft202012Validator(schema()).iter_errors(value)] == []


def test_it_is_the_same_stack(tmp_path: Path) -> None:
    assert load_file(file(tmp_path, REWRITTEN), {}) == load_file(file(tmp_path, WRITTEN), {})


@pytest.mark.parametrize("value", ["2", '"2"', '"1.0"', "true"])
def test_another_format_is_refused(tmp_path: Path, value: str) -> None:
    with pytest.raises(BadInputError) as caught:
        load_file(file(tmp_path, WRITTEN.replace("format: 1", f"format: {value}")), {})
    assert from_file_name(str(caught.value)) == (
        f"Pulumi.test.yaml:3 /config/meshroll:format: {value} is not known; expected 1"
    )


def from_file_name(sentence: str) -> str:
    return sentence[sentence.index("Pulumi.test.yaml") :]


def test_a_date_that_pulumi_wrote_as_go_does_is_refused_as_a_version(tmp_path: Path) -> None:
    dated = REWRITTEN.replace("'v1'", "'2024-01-02 00:00:00 +0000 UTC'")
    with pytest.raises(BadInputError, match="2024-01-02 is read as a date: quote it in the stack file"):
        load_file(file(tmp_path, dated), {})
