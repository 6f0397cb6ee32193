"""Files by their names, as `meshroll.gitops.planners.files.Files` shows those of a commit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from meshroll.errors import BadInputError
from meshroll.gitops.planners.links import Link
from meshroll.yamltext import Text, parse


class Memory:
    """A repository's files in memory, and the path below which a service is looked for."""

    def __init__(self, files: Mapping[str, str], path: str) -> None:
        self.path = self.folder = path
        self._files = dict(sorted(files.items()))

    def _below(self) -> Iterator[str]:
        return (name for name in self._files if f"{name}/".startswith(f"{self.path}/") or not self.path)

    def mentioning(self, word: str) -> Iterator[Text]:
        return (text for name in self._below() if word in self._files[name] and (text := self.manifest(name)))

    def troubles(self, word: str) -> list[BadInputError]:
        return []

    def links(self, name: str) -> list[tuple[Link, bool]]:
        return []

    def kustomizations(self) -> Iterator[Text]:
        named = (name for name in self._below() if name.endswith("kustomization.yaml"))
        return (text for name in named if (text := self.manifest(name)))

    def everywhere(self) -> Memory:
        return Memory(self._files, "")

    def named(self, name: str) -> Text:
        text = self.manifest(name.lstrip("/") if name.startswith("/") or not self.path else f"{self.path}/{name}")
        assert text is not None
        return text

    def kustomization(self, folder: str) -> Text | None:
        return self.manifest(f"{folder}/kustomization.yaml".lstrip("/"))

    def manifest(self, file: str) -> Text | None:
        return parse(self._files[file].encode(), file) if file in self._files else None

    def holds(self, file: str, text: str) -> bool | None:
        return text in self._files[file] if file in self._files else None
