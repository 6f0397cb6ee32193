"""`make soak N=... SEED=...`: hostile YAML and JSON, as much of it as one likes, and files as long as they may be."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings

from tests.support.yamltext import hostile
from tests.support.yamltext.jail import Jail, check

COUNT = int(os.environ.get("N", "10000"))


@pytest.fixture(scope="module")
def jail() -> Iterator[Jail]:
    with Jail() as opened:
        yield opened


@settings(max_examples=COUNT, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(hostile.inputs())
def test_whatever_the_bytes_every_reader_reads_or_refuses_them(jail, file):
    check(jail.outcome(*file))


@pytest.mark.parametrize(("text", "sentence"), hostile.FULL.values(), ids=hostile.FULL)
def test_yaml_of_too_many_values_is_refused_in_one_sentence(jail, text, sentence):
    outcome = jail.outcome(text.encode(), "f.yaml")
    check(outcome)
    assert outcome[0] == sentence


@pytest.mark.parametrize(("name", "text"), hostile.FULL_READ.values(), ids=hostile.FULL_READ)
def test_a_file_as_long_as_it_may_be_is_answered(jail, name, text):
    check(jail.outcome(text.encode(), name))
