"""The lint of many files: reading them, and every rule on their objects."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence

from meshroll.manifests.lint import lint
from meshroll.yamltext import parse
from tests.support.lint.objects import NAME, between_services, between_subsets


def table(sizes: Sequence[int]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Head and rows of processor time by the number of files, each with one object."""
    rows: list[tuple[str, ...]] = []
    for size in sizes:
        files = _files(size)
        start = time.process_time()
        texts = [parse(content, name) for name, content in files.items()]
        read = time.process_time()
        found = lint([text.documents[0] for text in texts], list(files))
        rows.append((str(size), f"{read - start:.2f}", f"{time.process_time() - read:.2f}", str(len(found))))
    return ("files", "reading", "rules", "findings"), rows


def _files(size: int) -> dict[str, bytes]:
    """A service in every folder, two by two, with the files of its objects."""
    files: dict[str, bytes] = {}
    number = 0
    while len(files) < size:
        for make in (between_services, between_subsets):
            for index, item in enumerate(make()):
                text = json.dumps(item, indent=1).replace(NAME, f"s{number}")
                files[f"apps/s{number}/{index}.yaml"] = text.encode()
            number += 1
    return dict(list(files.items())[:size])
