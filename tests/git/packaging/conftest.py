"""The distribution, built once, and an environment in which the wheel is installed without any extra."""

from __future__ import annotations

import pytest

from tests.support.packaging import Built, Installation, build, install


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return build(tmp_path_factory.mktemp("distribution"))


@pytest.fixture(scope="session")
def base(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    return install(built.wheel, tmp_path_factory.mktemp("base") / "venv")
