"""Objects with one fault each, and the rule that finds it."""

from tests.unit.manifests.lint.faults import mesh, order, references, rollouts, steps

BAD = [*rollouts.BAD, *steps.BAD, *references.BAD, *order.BAD, *mesh.BAD]

__all__ = ["BAD"]
