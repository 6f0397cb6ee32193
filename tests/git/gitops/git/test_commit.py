"""Whose commits are, what they say and how they are signed, on a real repository."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from meshroll.errors import BadInputError
from meshroll.gitops.git.commit import Style
from meshroll.gitops.planners import plan_rendered
from meshroll.gitops.plans import Applied, apply_plan
from tests.support.git.repositories import Repository, release
from tests.support.git.sshd import make_key, needs

ROOT = "live"
FORMAT = "%an <%ae>|%cn <%ce>"


def deliver(repository: Repository, version: str = "v1", style: Style | None = None) -> Applied:
    plan = plan_rendered(repository.remote, ROOT, release(provider=version), cache=repository.cache)
    return apply_plan(repository.remote, plan, stack="prod", style=style, cache=repository.cache)


def configure(tmp_path: Path, text: str) -> None:
    (tmp_path / "gitconfig").write_text(text)


def test_without_any_word_on_it_the_commit_is_meshrolls(repository: Repository) -> None:
    deliver(repository)
    assert repository.log(FORMAT) == ["Meshroll <meshroll@localhost>|Meshroll <meshroll@localhost>"]


def test_the_stack_names_author_and_committer(repository: Repository) -> None:
    deliver(repository, style=Style(author="Release Robot <robot@example.com>"))
    assert repository.log(FORMAT) == ["Release Robot <robot@example.com>|Release Robot <robot@example.com>"]


def test_gits_configuration_goes_before_the_stack_and_the_environment_before_both(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(tmp_path, "[user]\n\tname = Bob\n\temail = bob@example.com\n")
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Cleo")
    deliver(repository, style=Style(author="Release Robot <robot@example.com>"))
    assert repository.log(FORMAT) == ["Cleo <bob@example.com>|Bob <bob@example.com>"]


def test_what_only_the_environment_half_says_is_filled_in_by_the_stack(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Cleo")
    deliver(repository, style=Style(author="Release Robot <robot@example.com>"))
    assert repository.log(FORMAT) == ["Cleo <robot@example.com>|Release Robot <robot@example.com>"]


def test_an_author_without_an_address_is_refused(repository: Repository) -> None:
    with pytest.raises(BadInputError, match=r"'Ada' is not an author; expected a text like \"Ada Lovelace <"):
        deliver(repository, style=Style(author="Ada"))
    assert repository.git("for-each-ref") == ""


def test_the_stacks_words_stand_before_the_trailers_and_its_own_trailers_among_them(repository: Repository) -> None:
    deliver(repository, style=Style(template="ops({stack}): {subject}\n\nTicket: OPS-1"))
    assert repository.git("log", "-1", "--format=%B", "main").split("\n")[:5] == [
        "ops(prod): Release provider v1",
        "",
        "Ticket: OPS-1",
        "Meshroll-Stack: prod",
        "Meshroll-Service: provider - -> v1 in live",
    ]
    keys = repository.git("log", "-1", "--format=%(trailers:key=Ticket,valueonly)", "main")
    assert keys.strip() == "OPS-1"


def test_a_users_trailer_commands_are_not_run(repository: Repository, tmp_path: Path) -> None:
    spoiled = tmp_path / "spoiled"
    configure(tmp_path, f'[trailer "x"]\n\tkey = X\n\tcommand = touch {spoiled}\n[trailer]\n\tseparators = "%"\n')
    deliver(repository)
    assert not spoiled.exists()
    assert "Meshroll-Stack: prod\n" in repository.git("log", "-1", "--format=%B", "main")


def ssh_key(folder: Path) -> Path:
    key = make_key(folder / "key")
    (folder / "signers").write_text(f"robot@example.com {key.with_suffix('.pub').read_text()}")
    return key


@pytest.fixture
def gpg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A keyring of its own with one key; its fingerprint. The path is short: a socket lies in it."""
    needs("gpg", "gpgconf")
    home = Path(subprocess.run(["mktemp", "-d"], capture_output=True, text=True, check=True).stdout.strip())
    monkeypatch.setenv("GNUPGHOME", str(home))
    quick = ["--batch", "--passphrase", "", "--quick-gen-key", "Robot <robot@example.com>", "ed25519", "sign"]
    subprocess.run(["gpg", *quick], capture_output=True, check=True)
    listed = subprocess.run(["gpg", "--list-keys", "--with-colons"], capture_output=True, text=True, check=True).stdout
    yield next(line.split(":")[9] for line in listed.splitlines() if line.startswith("fpr"))
    subprocess.run(["gpgconf", "--kill", "all"], capture_output=True, check=False)
    subprocess.run(["rm", "-rf", str(home)], check=False)


def verified(repository: Repository, *settings: str) -> bool:
    options = [word for setting in settings for word in ("-c", setting)]
    command = ["git", f"--git-dir={repository.path}", *options, "verify-commit", "main"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_a_commit_is_signed_with_an_ssh_key(repository: Repository, tmp_path: Path) -> None:
    key = ssh_key(tmp_path)
    deliver(repository, style=Style(sign="ssh", key=str(key), author="Robot <robot@example.com>"))
    assert verified(repository, "gpg.format=ssh", f"gpg.ssh.allowedSignersFile={tmp_path / 'signers'}")
    deliver(repository, "v2")
    assert not verified(repository, "gpg.format=ssh", f"gpg.ssh.allowedSignersFile={tmp_path / 'signers'}")


def test_a_commit_is_signed_with_gpg_and_the_cache_is_free_again(repository: Repository, gpg: str) -> None:
    deliver(repository, style=Style(sign="gpg", key=gpg))
    assert verified(repository)
    deliver(repository, "v2", Style(sign="gpg", key=gpg))  # the agent that signing left behind holds no lock
    assert verified(repository)


def test_the_users_own_wish_for_signatures_counts(repository: Repository, tmp_path: Path) -> None:
    key = ssh_key(tmp_path)
    configure(tmp_path, f"[commit]\n\tgpgSign = true\n[gpg]\n\tformat = ssh\n[user]\n\tsigningKey = {key}\n")
    deliver(repository)
    assert verified(repository, "gpg.format=ssh", f"gpg.ssh.allowedSignersFile={tmp_path / 'signers'}")


@pytest.mark.parametrize(
    ("style", "sentence"),
    [
        (Style(sign="ssh", key="/nowhere/key"), r"signingKey /nowhere/key: there is no such file; expected a file"),
        (Style(sign="ssh", key="~nobody-here/key"), r"signingKey ~nobody-here/key: there is no such file"),
        (Style(sign="ssh"), r"repository.commit.sign: the commit cannot be signed: "),
        (Style(sign="gpg", key="0123456789ABCDEF"), r"repository.commit.sign: the commit cannot be signed: gpg failed"),
    ],
)
def test_a_commit_that_cannot_be_signed_is_not_made(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, style: Style, sentence: str
) -> None:
    monkeypatch.setenv("GNUPGHOME", str(tmp_path))
    with pytest.raises(BadInputError, match=sentence):
        deliver(repository, style=style)
    assert repository.git("for-each-ref") == ""


def test_a_signer_that_signs_nothing_is_found_out(repository: Repository, tmp_path: Path) -> None:
    lazy = tmp_path / "lazy"
    lazy.write_text('#!/bin/sh\ncat >/dev/null\necho "[GNUPG:] SIG_CREATED " >&2\n')
    lazy.chmod(0o755)
    configure(tmp_path, f"[gpg]\n\tprogram = {lazy}\n")
    with pytest.raises(BadInputError, match=r"the commit (came out unsigned|cannot be signed)"):
        deliver(repository, style=Style(sign="gpg", key="x"))
    assert repository.git("for-each-ref") == ""
