"""Addresses and branch names: what passes to Git, and what never does."""

from __future__ import annotations

import pytest

from meshroll.errors import BadInputError
from meshroll.gitops.git import Remote


@pytest.mark.parametrize(
    "url",
    [
        "file:///srv/rollouts.git",
        "https://git.example/team/rollouts.git",
        "http://127.0.0.1:8080/rollouts.git",
        "http://[::1]:8080/rollouts.git",
        "ssh://git@git.example:2222/team/rollouts.git",
        "git@git.example:team/rollouts.git",
    ],
)
def test_plain_addresses_pass(url: str) -> None:
    assert Remote(url, "main").url == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ext::sh -c true",
        "ext::true",
        "fd::7",
        "--upload-pack=true",
        "-oProxyCommand=true:x",
        "git://git.example/rollouts.git",
        "ftp://git.example/rollouts.git",
        "/srv/rollouts.git",
        "../rollouts.git",
        "file://host/rollouts.git",
        "file:///",
        "https://git.example",
        "https:///rollouts.git",
        "https://-oProxyCommand=x/rollouts.git",
        "ssh://-oProxyCommand=true/rollouts.git",
        "ssh://-x@git.example/rollouts.git",
        "-x@git.example:rollouts.git",
        "git@-oProxyCommand=x:rollouts.git",
        "git@git.example:-rollouts.git",
        "git@git.example::rollouts",
        "https://git.example:port/rollouts.git",
        "https://git.example/a b",
        "https://git.example/a\nb",
        "HTTPS://git.example/rollouts.git",
        "transport::https://git.example/rollouts.git",
    ],
)
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(BadInputError, match=r"^repository\.url: "):
        Remote(url, "main")


@pytest.mark.parametrize("user", ["robot:s3cret", "robot", ":s3cret"])
def test_credentials_in_the_url_are_refused_without_repeating_them(user: str) -> None:
    with pytest.raises(BadInputError) as caught:
        Remote(f"https://{user}@git.example/rollouts.git", "main")
    assert str(caught.value) == "repository.url: the URL holds credentials; expected repository.credentials"


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("git:s3cret@git.example:x", "'***@git.example:x' is not an address Meshroll opens"),
        ("https:/user:s3cret@git.example/x", "'***@git.example/x' is not an address Meshroll opens"),
        ("user:s3cret@git.example/x", "'***@git.example/x' is not an address Meshroll opens"),
        ("https://git.example/x.git?private_token=s3cret", "the URL holds a query or a fragment"),
        ("https://git.example/x.git#s3cret", "the URL holds a query or a fragment"),
        ("file:///tmp/\udcff", "the URL is empty or holds spaces or control characters"),
    ],
)
def test_what_may_be_a_secret_in_an_odd_url_is_not_repeated(url: str, sentence: str) -> None:
    with pytest.raises(BadInputError) as caught:
        Remote(url, "main")
    assert str(caught.value).startswith(f"repository.url: {sentence}")


@pytest.mark.parametrize("branch", ["main", "release/2026-11", "a.b", "x_y", "live@prod", "ünïcode"])
def test_branch_names_pass(branch: str) -> None:
    assert Remote("file:///r.git", branch).ref == f"refs/heads/{branch}"


@pytest.mark.parametrize(
    "branch",
    [
        "",
        "-d",
        "--all",
        "a b",
        "a..b",
        "a~1",
        "a^",
        "a:b",
        "*",
        "a?",
        "[a",
        "a\\b",
        "a//b",
        "/a",
        "a/",
        ".a",
        "a/.b",
        "a.lock",
        "a.lock/b",
        "a.",
        "@",
        "HEAD",
        "a@{1}",
        "a\nb",
        "a\x7f",
        "x" * 201,
    ],
)
def test_other_branch_names_are_refused(branch: str) -> None:
    with pytest.raises(
        BadInputError, match=r"^repository\.branch: .* is not a branch name; expected a name like main$"
    ):
        Remote("file:///r.git", branch)


def test_a_password_never_shows_in_a_representation() -> None:
    secret = "do-not-show"
    assert secret not in repr(Remote("https://git.example/r.git", "main", "robot", secret))


@pytest.mark.parametrize(("username", "password"), [("a\nb", "c"), ("a", "b\nc"), ("a", "b\0c")])
def test_credentials_with_line_breaks_would_end_the_helpers_answer(username: str, password: str) -> None:
    with pytest.raises(BadInputError, match="holds a line break"):
        Remote("https://git.example/r.git", "main", username, password)


def test_credentials_are_for_the_origin_of_an_http_address_alone() -> None:
    assert Remote("https://git.example:8443/r.git", "main").origin == "https://git.example:8443"
    assert Remote("ssh://git@git.example/r.git", "main").origin == ""
