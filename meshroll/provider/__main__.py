"""`python -m meshroll.provider ENGINE_ADDRESS`: what `pulumi-resource-meshroll` runs."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress

from meshroll import lifetime
from meshroll.provider.engine import Engine
from meshroll.provider.resource import ReleaseProvider
from meshroll.provider.server import serve


def main(arguments: list[str]) -> None:
    """Serve until stopped, or the engine is gone. Its address is the first argument that is not an option."""
    address = next((argument for argument in arguments if not argument.startswith("-")), "")
    if not address:
        sys.exit("pulumi-resource-meshroll is started by Pulumi; expected the engine's address")
    lifetime.end_with_parent()
    with suppress(KeyboardInterrupt):
        asyncio.run(serve(ReleaseProvider(Engine(address)), address))
    lifetime.end()


if __name__ == "__main__":
    main(sys.argv[1:])
