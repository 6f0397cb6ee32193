"""The tier of a test is the folder it stands in: tests/unit, tests/git, tests/sandbox or tests/soak."""

from pathlib import Path

import pytest
from hypothesis import settings

HERE = Path(__file__).parent

# How long an example takes says something of the machine, nothing of the code.
settings.register_profile("meshroll", deadline=None)
settings.load_profile("meshroll")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        tier = item.path.relative_to(HERE).parts[0]
        item.add_marker(getattr(pytest.mark, tier))
