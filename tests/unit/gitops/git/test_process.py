"""The process Git runs in: its environment, its time limit, its words."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from meshroll.errors import BadInputError, TimedOutError
from meshroll.gitops.git.environment import clean_environment
from meshroll.gitops.git.process import Git, last_line
from meshroll.text import printable
from tests.support.processes import runs


def test_only_variables_that_say_who_and_how_are_inherited() -> None:
    inherited = {
        "PATH": "/bin",
        "GIT_DIR": "/elsewhere",
        "GIT_WORK_TREE": "/elsewhere",
        "GIT_CONFIG_PARAMETERS": "'a.b=c'",
        "GIT_CONFIG_COUNT": "1",
        "GIT_ALLOW_PROTOCOL": "ext",
        "GIT_TRACE": "1",
        "GIT_AUTHOR_NAME": "Ada",
        "GIT_SSH_COMMAND": "ssh -F x",
        "GIT_SSH_COMMANDS": "x",
        "SSH_ASKPASS": "/bin/ask",
        "SSH_AUTH_SOCK": "/run/agent",
        "MESHROLL_GIT_PASSWORD": "old",
        "MESHROLL_REPOSITORY_PASSWORD": "s3cret",
        "PULUMI_CONFIG_PASSPHRASE": "s3cret",
        "LANGUAGE": "de",
    }
    assert clean_environment(inherited) == {
        "PATH": "/bin",
        "GIT_AUTHOR_NAME": "Ada",
        "GIT_SSH_COMMAND": "ssh -F x",
        "SSH_AUTH_SOCK": "/run/agent",
        "GIT_TERMINAL_PROMPT": "0",
        "SSH_ASKPASS_REQUIRE": "never",
        "GIT_ASKPASS": "",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_LITERAL_PATHSPECS": "1",
        "LC_ALL": "C",
    }


def test_a_command_that_hangs_is_killed_with_its_children(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = tmp_path / "git"
    fake.write_text(f"#!/bin/sh\nsleep 60 &\necho $! >{tmp_path}/child\nwait\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(TimedOutError) as caught:
        Git(tmp_path).run("fetch", seconds=0.5)
    assert str(caught.value) == "git fetch did not finish within 0 s"
    child = int((tmp_path / "child").read_text())
    deadline = time.monotonic() + 5
    while runs(child):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_machine_without_git_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BadInputError) as caught:
        Git(tmp_path).run("version")
    assert str(caught.value) == "the command git is missing; expected Git 2.30 or newer on PATH"


def test_what_a_terminal_would_obey_or_hide_is_escaped() -> None:
    assert printable("a\tb\r\nc\rd\x1b[2J\u202ee\u200bf\x9bg\n") == ("a\tb\r\nc\\rd\\x1b[2J\\u202ee\\u200bf\\x9bg\n")
    assert printable("Ünïcödé 日本語") == "Ünïcödé 日本語"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("warning: x\nfatal: it broke\nremote: bye\n", "it broke"),
        ("error: one\nerror: two\n", "two"),
        ("something\n\n", "something"),
        ("", "no message"),
    ],
)
def test_the_line_that_says_what_went_wrong(text: str, line: str) -> None:
    assert last_line(text) == line
