"""Which program stands in for an image: a table of image patterns, read from YAML.

```yaml
workloads:
  - image: "*/spring-dubbo3-provider:*"   # glob on the whole image name
    env: {FAIL_PERCENT: "*"}              # optional: variables the container must have, with a glob for the value
    command: ["{workload}", provider]     # {workload}: the sandbox's own stand-in
    port: 20880                           # used when the container names no port; without both nothing is waited for
```

The first entry that matches wins; a user's own files come before the built-in table. A program gets the container's
environment, POD_NAME, POD_NAMESPACE, POD_IP, NODE_NAME, VERSION, PORT and gRPC's GRPC_XDS_BOOTSTRAP_CONFIG; it must
listen on POD_IP alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml

from meshroll.errors import BadInputError

BUILT_IN = Path(__file__).with_name("images.yaml")
_PORTS = range(1024, 65536)
_KEYS = {"image", "env", "command", "port"}


@dataclass(frozen=True)
class ImageRule:
    """One row: images and variables it is for, the program and its port."""

    image: str
    command: tuple[str, ...]
    port: int | None = None
    env: Mapping[str, str] = field(default_factory=dict)

    def matches(self, image: str, environment: Mapping[str, str]) -> bool:
        """Whether a container with this image and environment is run by this row."""
        return fnmatchcase(image, self.image) and all(
            name in environment and fnmatchcase(environment[name], pattern) for name, pattern in self.env.items()
        )


@dataclass(frozen=True)
class Table:
    """All rows in the order they are tried."""

    entries: tuple[ImageRule, ...]

    def find(self, image: str, environment: Mapping[str, str]) -> ImageRule | None:
        """The first row that matches, or None: the sandbox has no program for the image."""
        return next((entry for entry in self.entries if entry.matches(image, environment)), None)


def load(files: Sequence[Path] = ()) -> Table:
    """The user's tables in the given order, then the built-in one. Raises BadInputError."""
    return Table(tuple(entry for path in (*files, BUILT_IN) for entry in parse(_read(path), str(path))))


def parse(document: object, where: str) -> tuple[ImageRule, ...]:
    """The rows of one table file. Raises BadInputError that names the row and the key."""
    rows = document.get("workloads") if isinstance(document, dict) and set(document) == {"workloads"} else None
    if not isinstance(rows, list):
        raise BadInputError("this is not a table of workloads", where=where, expected="one key, workloads, with a list")
    return tuple(_entry(row, f"{where}: /workloads/{index}") for index, row in enumerate(rows))


def _entry(row: object, where: str) -> ImageRule:
    if not isinstance(row, dict):
        raise BadInputError("a row must be a mapping", where=where, expected=f"keys {', '.join(sorted(_KEYS))}")
    unknown = sorted(str(key) for key in set(row) - _KEYS)
    if unknown:
        raise BadInputError(f"unknown key {unknown[0]}", where=where, expected=f"keys {', '.join(sorted(_KEYS))}")
    image, env, command, port = row.get("image"), row.get("env") or {}, row.get("command"), row.get("port")
    if not isinstance(image, str) or not image:
        raise BadInputError("image is missing", where=where, expected="a glob for the image's name")
    if not isinstance(command, list) or not command or not all(isinstance(a, str) and a for a in command):
        raise BadInputError("command is missing", where=where, expected="a list of strings, the program first")
    if not isinstance(env, dict) or not all(isinstance(k, str) and isinstance(v, str) for k, v in env.items()):
        raise BadInputError("env must map names to globs", where=where, expected="strings; quote numbers")
    if port is not None and (not isinstance(port, int) or isinstance(port, bool) or port not in _PORTS):
        raise BadInputError(f"port {port} cannot be used", where=where, expected="a number from 1024 to 65535")
    return ImageRule(image=image, command=tuple(command), port=port, env=env)


def _read(path: Path) -> Any:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInputError(f"cannot be read ({error.strerror})", where=str(path)) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BadInputError(f"is not YAML: {' '.join(str(error).split())}", where=str(path)) from error
