"""repository.commit: whose commits are, what they say, how they are signed."""

from __future__ import annotations

from pathlib import Path

import pytest

from meshroll.errors import BadInputError
from meshroll.gitops.git.commit import Style
from meshroll.release.properties import from_properties, to_properties
from meshroll.release.stack import from_stack
from meshroll.settings import load_file
from meshroll.settings.model import Commit
from tests.support.stack_files import ENVIRON, with_change, write

PATH = "    path: clusters/{cluster}\n"


def load(folder: Path, commit: str) -> Commit:
    return load_file(write(folder, with_change(PATH, f"{PATH}    commit: {commit}\n")), ENVIRON).repository.commit


def test_without_it_gits_own_configuration_decides(tmp_path: Path) -> None:
    assert load_file(write(tmp_path), ENVIRON).repository.commit == Commit()


def test_all_of_it_reaches_the_release(tmp_path: Path) -> None:
    text = (
        '{author: "Ada L. <ada@example.com>", message: "ops: {subject}", sign: ssh, signingKey: {env: KUBECONFIG_FILE}}'
    )
    assert load(tmp_path, text) == Commit("Ada L. <ada@example.com>", "ops: {subject}", "ssh", "/etc/kube")
    stack = load_file(tmp_path / "Pulumi.test.yaml", ENVIRON)
    values = to_properties(from_stack(stack, stack.workers))
    assert values["repository"]["commit"]["signingKey"] == "/etc/kube"
    assert from_properties(values).style == Style("Ada L. <ada@example.com>", "ops: {subject}", "ssh", "/etc/kube")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{author: Ada}", "Ada does not fit"),
        ('{author: "Ada <a b>"}', "does not fit"),
        ("{sign: pgp}", "pgp is not known; expected gpg or ssh"),
        ("{message: hello}", "hello does not fit"),
        ("{signed: ssh}", "unknown key signed: did you mean sign?"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(BadInputError) as caught:
        load(tmp_path, text)
    assert sentence in str(caught.value)
