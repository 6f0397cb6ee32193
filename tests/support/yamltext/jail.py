"""Hostile bytes put through every reader of them, with 300 MB for all and 2 s of the processor for each.

`python -m tests.support.yamltext.jail` has all imported and forks for each input that comes on its standard input, so
that an input costs some milliseconds. It answers with a line of JSON: see `Jail.outcome`.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

from meshroll.errors import LONGEST, BadInputError, MeshrollError
from meshroll.gitops.planners import version_in
from meshroll.gitops.plans.serialize import from_json
from meshroll.manifests.templates import objects
from meshroll.settings import document
from meshroll.settings.load import decoded_json
from meshroll.yamltext import parse, replace_scalars

SECONDS = 2
BYTES = 300 << 20


def read_everywhere(content: bytes, name: str) -> list[str]:
    """Give the bytes to every reader and use what it makes of them; the sentences of those that refuse them."""
    text = content.decode("utf-8", "replace")
    of_yaml: list[Callable[[], object]] = [
        lambda: document.parse(text, name),
        lambda: version_in(content, "shop"),
    ]
    of_json: list[Callable[[], object]] = [
        lambda: from_json(content, name),
        lambda: decoded_json(text),
    ]
    uses: list[Callable[[], object]] = [lambda: _use(content, name), lambda: objects({name: text})]
    uses += of_json if name.endswith(".json") else of_yaml
    sentences = []
    for use in uses:
        signal.setitimer(signal.ITIMER_PROF, SECONDS)  # of the processor; it ends the process
        try:
            use()
        except MeshrollError as error:
            sentences.append(str(error))
    return sentences


def _use(content: bytes, name: str) -> None:
    text = parse(content, name)
    pointers = [scalar.pointer for scalar in text.scalars()]
    json.dumps(text.documents, default=str)
    for pointer in pointers[:3]:
        assert text.line(pointer) >= 1
        with suppress(BadInputError):
            text.within(pointer)
    if pointers:
        replace_scalars(content, {pointers[-1]: "v2"}, name)


class Jail:
    """The process that forks, for as long as the block lasts."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()

    def outcome(self, content: bytes, name: str) -> list[str] | str:
        """The sentences of the readers that refused the bytes, or what else ended the process: a text."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps([name, len(content)]).encode() + b"\n" + content)
        self._process.stdin.flush()
        outcome: list[str] | str = json.loads(self._process.stdout.readline())
        return outcome


def check(outcome: list[str] | str) -> None:
    """Assert that every reader read the bytes, or refused them in one sentence of a bearable length."""
    assert isinstance(outcome, list), outcome
    assert [line for line in outcome if "\n" in line or len(line) > 2 * LONGEST] == []


def _serve() -> None:
    while line := sys.stdin.buffer.readline():
        name, size = json.loads(line)
        content = sys.stdin.buffer.read(size)
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            _limited(content, name, writing)
        os.close(writing)
        with os.fdopen(reading, "rb") as answers:
            answer = answers.read()
        status = os.waitpid(child, 0)[1]
        if os.WIFSIGNALED(status):
            answer = json.dumps(f"ended by signal {os.WTERMSIG(status)}").encode()
        sys.stdout.buffer.write(answer + b"\n")
        sys.stdout.buffer.flush()


def _limited(content: bytes, name: str, writing: int) -> None:
    answer: list[str] | str
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123
            mapped = int(file.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (mapped + BYTES, mapped + BYTES))
        answer = read_everywhere(content, name)
    except BaseException:
        answer = traceback.format_exc()[-2000:]
    with os.fdopen(writing, "wb") as file:
        file.write(json.dumps(answer).encode())
    os._exit(0)


if __name__ == "__main__":
    _serve()
