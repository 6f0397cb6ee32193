"""Pulumi components of Meshroll: one concept a module, `stack` puts them together."""

from __future__ import annotations

from importlib.util import find_spec

from meshroll.errors import BadInputError
from meshroll.extras import require_pulumi

try:
    require_pulumi("meshroll.components")
except BadInputError as error:
    if find_spec("pulumi") is None:
        raise
    from pulumi import RunError

    raise RunError(str(error)) from None  # the one error that Pulumi shows without a traceback
