"""`pulumi-language-python ENGINE`: serve the stand-in under the version of the installed pulumi SDK."""

from __future__ import annotations

import os
from importlib.metadata import version

from meshroll.sandbox.pulumi.language.host import serve


def main() -> None:
    """Run until the engine stops it."""
    serve(version("pulumi"))
    os._exit(0)  # a handler may still wait for a program that does not end


if __name__ == "__main__":
    main()
