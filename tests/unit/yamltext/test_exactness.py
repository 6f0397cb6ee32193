from hypothesis import HealthCheck, given, settings

from tests.support.yamltext import exactness


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(exactness.edits())
def test_an_edit_changes_the_addressed_scalar_and_no_other_byte(edit):
    exactness.check(*edit)
