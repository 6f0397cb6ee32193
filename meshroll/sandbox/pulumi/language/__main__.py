"""`pulumi-language-python ENGINE`: serve the stand-in under the version of the installed pulumi SDK."""

from __future__ import annotations

from importlib.metadata import version

from meshroll import lifetime
from meshroll.sandbox.pulumi.language.host import serve


def main() -> None:
    """Run until the engine stops it, or is gone."""
    lifetime.end_with_parent()
    serve(version("pulumi"))
    lifetime.end()  # a handler may still wait for a program that does not end


if __name__ == "__main__":
    main()
