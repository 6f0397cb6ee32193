"""What Kubernetes would refuse later is refused now."""

import pytest

from meshroll.errors import BadInputError
from meshroll.manifests.names import check_label_value, check_namespace, check_service_name


@pytest.mark.parametrize("version", ["v1", "1.2.3", "2026-01-01", "A_b.c-9", "x" * 63])
def test_a_version_that_a_label_can_hold_passes(version):
    check_label_value(version, "here")


@pytest.mark.parametrize("version", ["", "v1 ", "v1\n", "-v1", "v1+2", "a/b", "ü", "x" * 64])
def test_a_version_that_a_label_cannot_hold_is_refused(version):
    with pytest.raises(BadInputError) as caught:
        check_label_value(version, "here")
    assert str(caught.value) == (
        f"here: the version {version!r} cannot be the value of a label; expected 1 to 63 letters, digits, '-', '_' or "
        "'.', with a letter or digit at both ends"
    )


def test_a_version_that_is_a_number_is_to_be_quoted():
    with pytest.raises(BadInputError) as caught:
        check_label_value(1.1, "here")
    assert str(caught.value) == 'here: the version 1.1 is not a string; expected "1.1" (quote it)'


@pytest.mark.parametrize("service", ["", "1a", "A", "a_b", "a-", "a\n", "a.b", "x" * 57])
def test_a_service_name_without_room_for_its_canary_is_refused(service):
    with pytest.raises(BadInputError) as caught:
        check_service_name(service, "here")
    assert str(caught.value) == (
        f"here: {service!r} cannot be the name of a service; expected 1 to 56 lower-case letters, digits or '-', "
        "beginning with a letter and ending with a letter or digit"
    )


def test_good_names_pass():
    check_service_name("x" * 56, "here")
    check_namespace("1-dubbo", "here")


def test_a_namespace_with_a_dot_is_refused():
    with pytest.raises(BadInputError) as caught:
        check_namespace("a.b", "here")
    assert str(caught.value) == (
        "here: 'a.b' cannot be the name of a namespace; expected 1 to 63 lower-case letters, digits or '-', with a "
        "letter or digit at both ends"
    )
