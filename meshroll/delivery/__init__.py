"""Closed-loop delivery: check before, wait after, operate, measure. Pure decisions on plain objects, thin loops."""
