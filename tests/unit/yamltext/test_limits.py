"""Each known attack, read by every reader with 300 MB for all and 2 s of the processor for each."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings

from tests.support.yamltext import hostile
from tests.support.yamltext.jail import Jail, check


@pytest.fixture(scope="module")
def jail() -> Iterator[Jail]:
    with Jail() as opened:
        yield opened


@pytest.mark.parametrize(("text", "sentence"), hostile.ATTACKS.values(), ids=hostile.ATTACKS)
def test_yaml_that_holds_too_much_is_refused_in_one_sentence(jail: Jail, text: str, sentence: str) -> None:
    outcome = jail.outcome(text.encode()[: hostile.MAX_BYTES], "f.yaml")
    check(outcome)
    assert outcome[0] == sentence


@pytest.mark.parametrize("text", hostile.READ.values(), ids=hostile.READ)
def test_yaml_that_is_only_odd_is_read(jail: Jail, text: str) -> None:
    outcome = jail.outcome(text.encode(), "f.yaml")
    check(outcome)
    assert [sentence for sentence in outcome if "is not YAML" in sentence or "values" in sentence] == []


@pytest.mark.parametrize(("text", "sentence"), hostile.JSON_ATTACKS.values(), ids=hostile.JSON_ATTACKS)
def test_json_that_other_programs_do_not_take_is_refused_in_one_sentence(jail: Jail, text: str, sentence: str) -> None:
    outcome = jail.outcome(text.encode(), "f.json")
    check(outcome)
    assert sentence in outcome


@settings(max_examples=200, suppress_health_check=list(HealthCheck))
@given(hostile.inputs())
def test_whatever_the_bytes_every_reader_reads_or_refuses_them(jail: Jail, file: tuple[bytes, str]) -> None:
    check(jail.outcome(*file))
