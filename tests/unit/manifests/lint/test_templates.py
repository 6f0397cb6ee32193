"""The project's own templates hold to every rule."""

import pytest

from meshroll.manifests.lint import lint


@pytest.mark.parametrize("template", ["weight", "header"])
def test_our_own_templates_are_in_order(rendered, template):
    objects = [*rendered(template, "dubbo3-consumer"), *rendered(template, "dubbo3-provider")]
    assert [str(flaw) for flaw in lint(objects, complete=True)] == []


def test_a_reference_between_rendered_objects_that_leads_nowhere_is_an_error(rendered):
    objects = [item for item in rendered("weight") if item["kind"] != "VirtualService"]
    assert [str(flaw) for flaw in lint(objects, complete=True)] == [
        (
            "Rollout dubbo/dubbo3-provider /spec/strategy/canary/trafficRouting/istio/virtualService/name: there is no "
            "VirtualService dubbo3-provider here [not-found-here]"
        )
    ]
