"""`make soak N=... SEED=...`: the suite of byte-exact edits, as long as one likes."""

import os

from hypothesis import HealthCheck, given, settings

from tests.support.yamltext import exactness

COUNT = int(os.environ.get("N", "10000"))


@settings(max_examples=COUNT, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(exactness.edits())
def test_an_edit_changes_the_addressed_scalar_and_no_other_byte(edit):
    exactness.check(*edit)
