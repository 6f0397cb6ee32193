"""`pulumi-resource-kubernetes ENGINE`: serve the stand-in under the version of the installed pulumi_kubernetes."""

from __future__ import annotations

import sys
from importlib.metadata import version

from meshroll import lifetime
from meshroll.sandbox.pulumi.kubernetes.provider import KubernetesProvider
from meshroll.sandbox.pulumi.kubernetes.serve import serve


def main() -> None:
    """Run until the engine stops it, or is gone."""
    lifetime.end_with_parent()
    sdk = version("pulumi_kubernetes")
    serve(KubernetesProvider(sdk), sdk, sys.argv[1:])
    lifetime.end()  # a thread may still wait on a cluster that does not answer


if __name__ == "__main__":
    main()
