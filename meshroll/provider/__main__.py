"""`pulumi-resource-meshroll ENGINE_ADDRESS`, as the console script of an installation and as `python -m`."""

from __future__ import annotations

import asyncio
import importlib
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from meshroll.errors import BadInputError
from meshroll.extras import require_pulumi

if TYPE_CHECKING:
    from pulumi.provider.experimental.provider import Provider


def main() -> None:
    """Serve until stopped, or the engine is gone. Its address is the first argument that is not an option."""
    address = next((argument for argument in sys.argv[1:] if not argument.startswith("-")), "")
    if not address:
        sys.exit("pulumi-resource-meshroll is started by Pulumi; expected the engine's address")
    try:
        require_pulumi("pulumi-resource-meshroll")
    except BadInputError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)
    from meshroll import lifetime
    from meshroll.provider.server import serve
    from meshroll.provider.starting import StartingProvider

    lifetime.end_with_parent()
    with suppress(KeyboardInterrupt):
        asyncio.run(serve(StartingProvider(lambda: _provider(address)), address))
    lifetime.end()


def _provider(address: str) -> Provider:
    from meshroll.provider.engine import Engine
    from meshroll.provider.resource import ReleaseProvider

    importlib.import_module("meshroll.kube.client")  # before the first cluster is asked
    return ReleaseProvider(Engine(address))


if __name__ == "__main__":
    main()
