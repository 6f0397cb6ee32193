"""What one reading may take in all."""

from __future__ import annotations

import pytest

from meshroll.errors import BadInputError, ExitCode, LimitError
from meshroll.gitops.git.budget import LIMITS, Budget


def test_each_kind_is_counted_for_itself_up_to_its_limit() -> None:
    budget = Budget("shop.git", {"bytes": 10, "objects": 2})
    budget.take("bytes", 4)
    budget.take("objects", 2)
    budget.take("bytes", 6)
    with pytest.raises(LimitError) as caught:
        budget.take("bytes", 1)
    assert str(caught.value) == (
        "shop.git: more than 10 bytes would be read; expected narrower paths, or fewer services at a time"
    )
    assert caught.value.exit_code is ExitCode.BAD_INPUT


def test_what_is_too_much_is_not_passed_over_like_one_bad_file() -> None:
    assert not issubclass(LimitError, BadInputError)


def test_a_repository_of_a_hundred_thousand_files_is_far_from_the_limits() -> None:
    assert LIMITS["names in folders"] >= 20 * 100_000
    assert LIMITS["objects"] >= 10 * 100_000
