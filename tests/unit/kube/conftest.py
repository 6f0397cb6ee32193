"""A certificate authority of each test, and servers that it certifies."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.kube.certificates import Authority, encoded
from tests.support.kube.servers import Server, serving


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority.make(tmp_path / "authority")


@pytest.fixture
def server(authority: Authority) -> Iterator[Server]:
    with serving(Server(authority.issue("server"))) as server:
        yield server


@pytest.fixture
def strict(authority: Authority) -> Iterator[Server]:
    """One that asks for a client certificate."""
    with serving(Server(authority.issue("strict"), clients=authority)) as server:
        yield server


@pytest.fixture
def trusted(authority: Authority) -> dict[str, str]:
    return {"certificate-authority-data": encoded(authority.root.certificate)}
