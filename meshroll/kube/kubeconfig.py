"""One context of a kubeconfig, read by whoever can.

A context that holds all that a request needs is read here. What has to be run, fetched, renewed or gathered from
several files is left to the official client, whose import takes a sixth of a second of processor time.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from meshroll.kube import complete
from meshroll.kube.access import Access

# A file, the document of one, or None for `KUBECONFIG` or the default file.
Kubeconfig = str | Path | Mapping[str, Any] | None
DEFAULT = "~/.kube/config"


def read(kubeconfig: Kubeconfig, context: str | None, where: str) -> Access:
    """Read one context of a kubeconfig; a credential plug-in named there runs. `where` is the cluster in errors.

    Raises BadInputError when the file, the context or a certificate cannot be used, UnavailableError when the plug-in
    fails.
    """
    source = kubeconfig if isinstance(kubeconfig, Mapping) else str(kubeconfig or os.environ.get("KUBECONFIG", DEFAULT))
    if (found := complete.read(source, context)) is not None:
        return found.access(where)
    from meshroll.kube import official

    return official.read(source, context, where)
