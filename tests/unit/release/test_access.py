"""What opens a repository that no stack describes."""

from __future__ import annotations

from pathlib import Path

import pytest

from meshroll.errors import BadInputError
from meshroll.gitops.git import Remote
from meshroll.release.access import agreed_remote, given_remote

URL = "https://git.example/r.git"


@pytest.mark.parametrize(
    ("environ", "remote"),
    [
        ({}, Remote("https://git.example/r.git", "main")),
        ({"MESHROLL_REPOSITORY": "https://other.example/"}, Remote("https://git.example/r.git", "main")),
        (
            {"MESHROLL_REPOSITORY_PASSWORD": "s3cret"},
            Remote("https://git.example/r.git", "main", "git", "s3cret"),
        ),
        (
            {"MESHROLL_REPOSITORY_USERNAME": "ci", "MESHROLL_REPOSITORY_PASSWORD": "s3cret"},
            Remote("https://git.example/r.git", "main", "ci", "s3cret"),
        ),
        (
            {"MESHROLL_REPOSITORY_SSH_KEY": "/k", "MESHROLL_REPOSITORY_KNOWN_HOSTS": "/h"},
            Remote("https://git.example/r.git", "main", ssh_key="/k", known_hosts="/h"),
        ),
        ({"MESHROLL_REPOSITORY_CA_FILE": "/ca"}, Remote("https://git.example/r.git", "main", ca_file="/ca")),
    ],
)
def test_what_opens_a_repository_without_a_stack_is_in_the_environment(environ: dict[str, str], remote: Remote) -> None:
    assert given_remote("https://git.example/r.git", "main", environ) == remote


def test_a_password_may_stand_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("s3cret\n")
    environ = {"MESHROLL_REPOSITORY_PASSWORD_FILE": str(file)}
    assert given_remote(URL, "main", environ) == Remote(URL, "main", "git", "s3cret")
    with pytest.raises(BadInputError) as caught:
        given_remote(URL, "main", environ | {"MESHROLL_REPOSITORY_PASSWORD": "other"})
    assert str(caught.value) == (
        "MESHROLL_REPOSITORY_PASSWORD_FILE: the password is given twice; expected no MESHROLL_REPOSITORY_PASSWORD"
    )


@pytest.mark.parametrize("environ", [{}, {"MESHROLL_REPOSITORY_PASSWORD": "s3cret"}])
def test_a_plan_alone_does_not_decide_where_anything_goes(environ: dict[str, str]) -> None:
    with pytest.raises(BadInputError) as caught:
        agreed_remote(URL, "main", None, "plan.json", environ)
    assert str(caught.value) == (
        f"plan.json: which repository? the plan names no stack; expected repository {URL}, if that is right"
    )


def test_a_plan_for_the_repository_that_was_named_is_opened() -> None:
    environ = {"MESHROLL_REPOSITORY_PASSWORD": "s3cret"}
    assert agreed_remote(URL, "main", URL, "plan.json", environ) == Remote(URL, "main", "git", "s3cret")
    with pytest.raises(BadInputError, match=r"^plan\.json: the plan is for https://git\.example/r\.git; expected"):
        agreed_remote(URL, "main", "https://git.example/other.git", "plan.json", environ)
