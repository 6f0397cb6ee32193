"""`pulumi-resource-kubernetes ENGINE`: serve the stand-in under the version of the installed pulumi_kubernetes."""

from __future__ import annotations

import os
import sys
from importlib.metadata import version

from meshroll.sandbox.pulumi.kubernetes.provider import KubernetesProvider
from meshroll.sandbox.pulumi.kubernetes.serve import serve


def main() -> None:
    """Run until the engine stops it."""
    sdk = version("pulumi_kubernetes")
    serve(KubernetesProvider(sdk), sdk, sys.argv[1:])
    os._exit(0)  # a thread may still wait on a cluster that does not answer


if __name__ == "__main__":
    main()
