"""One sandbox from a user's view: brought up, asked, stopped part by part, taken down, forgotten.

`up` does only what is missing, whatever state it finds: nothing built, everything killed, one part dead, all well.
Commands that change something hold the sandbox's lock. Nothing is ever restarted behind the user's back.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from meshroll.errors import BadInputError, UnavailableError
from meshroll.folders import check, private
from meshroll.sandbox import environment, network, pulumi
from meshroll.sandbox.build import crds, parts
from meshroll.sandbox.state import claims, files, repository
from meshroll.sandbox.state.credentials import SandboxCredentials
from meshroll.sandbox.state.home import PARTS_ELSEWHERE, Home, parts_cache
from meshroll.sandbox.supervision import process
from meshroll.sandbox.supervision.supervisor import PartStatus, Supervisor
from meshroll.sandbox.topology import table
from meshroll.sandbox.topology.exposure import Open, opened
from meshroll.sandbox.topology.site import Site

Progress = Callable[[str], None]
_PULUMI_SECONDS = 5.0  # a run that is under way ends in order within them


def _silent(_: str) -> None:
    return


class Sandbox:
    """A whole hosted mesh on loopback, known by its name."""

    def __init__(self, name: str = "default", *, root: Path | None = None, cache: Path | None = None) -> None:
        """Raises BadInputError for a name that cannot be one, and for a folder that others could change."""
        self.home = Home.of(name, root)
        self._cache = cache or parts_cache()
        self.home.check()
        check(self._cache, PARTS_ELSEWHERE)

    def up(self, workers: int | None = None, *, workloads: Sequence[Path] = (), progress: Progress = _silent) -> None:
        """Build, start and seed what is missing, and return when every part is ready.

        `workers` (1 at first) and `workloads`, tables of the user's own stand-ins, are remembered. Raises
        BadInputError for a taken port, a missing build tool, fewer workers than there are.
        """
        network.check(self.home)
        names = self._workers(workers)
        if shutil.which("git") is None:
            raise BadInputError("`git` is not on PATH", where="sandbox", expected="Git 2.28 or newer")
        self.build_parts(progress)
        with self._locked(progress, new=True):
            self.home.prepare()
            names = self._workers(workers)  # again: the command that was waited for may have added some
            tables = [str(path.absolute()) for path in workloads] or self._remembered().get("workloads", [])
            claims.ensure(self.home, names)
            files.write_json(self.home.path / "sandbox.json", {"workers": list(names), "workloads": tables})
            SandboxCredentials.ensure(self.home, self._site(names).clusters)
            repository.ensure(self.home)
            Supervisor(self.home, table.nodes(self._site(names)), progress).start()

    def enter(self, command: Sequence[str]) -> NoReturn:
        """Become the command, in a network of the sandbox's own that other users do not reach (see `network`)."""
        network.enter(self.home, command)

    def build_parts(self, progress: Progress = _silent) -> None:
        """Build what the cache lacks. Raises BadInputError for a missing build tool, or a cache that others share."""
        private(self._cache, PARTS_ELSEWHERE)
        parts.ensure(self._builds(), self._cache, progress)
        crds.ensure(self._cache, progress)

    @property
    def exists(self) -> bool:
        """Whether `up` was ever called."""
        return (self.home.path / "sandbox.json").exists()

    @property
    def workers(self) -> tuple[str, ...]:
        """The names of the work clusters."""
        return tuple(self._remembered().get("workers", ()))

    def status(self) -> list[PartStatus]:
        """What every part does; a part that is dead comes with the end of its log."""
        network.check(self.home)
        return self._supervisor().status()

    def environment(self, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
        """The variables that let a person run `pulumi` and `meshroll` against this sandbox. They hold secrets."""
        self._must_exist()
        network.check(self.home)
        if not self.home.kubeconfig.exists():
            raise UnavailableError(
                "has never been up", where=f"sandbox {self.home.name}", expected="`meshroll sandbox up`"
            )
        return environment.variables(self._site(self.workers), environ)

    def stop(self, part: str) -> None:
        """Stop one part, as if it were not needed."""
        with self._locked(_silent):
            supervisor = self._supervisor()
            supervisor.stop([supervisor.part(part).name])

    def start(self, part: str, progress: Progress = _silent) -> None:
        """Start one part that is stopped or dead, and wait until it is ready."""
        network.check(self.home)
        with self._locked(progress):
            supervisor = self._supervisor(progress)
            supervisor.start([supervisor.part(part).name])

    def logs(self, part: str) -> Path:
        """The log file of a part."""
        return self.home.log(self._supervisor().part(part).name)

    def down(self, progress: Progress = _silent) -> None:
        """Stop everything; state, ports and credentials stay for the next `up`."""
        if not self.exists:
            return
        with self._locked(progress):
            if self.exists:
                self._supervisor(progress).stop()

    def clean(self, progress: Progress = _silent) -> None:
        """`down`, and forget the sandbox: state, ports, credentials, the rollout repository. Built parts stay."""
        if not self.home.path.exists():
            return
        with self._locked(progress):
            # To the end under the lock: a command that waits for it must find all there or nothing. A first `up` that
            # failed early has left a folder and claims, and nothing that runs.
            if self.exists:
                # First what writes to the clusters and to the state: Pulumi's CLI, plug-ins and language hosts.
                process.end(pulumi.processes(self.home.pulumi), _PULUMI_SECONDS)
                self._supervisor(progress).stop()
            shutil.rmtree(self.home.path, ignore_errors=not self.exists)
            claims.release(self.home)

    def processes(self) -> dict[str, list[int]]:
        """The process ids of every part, with all that it started itself."""
        prefix = f"{self.home.path}:"
        marked = process.marked(prefix)
        return {mark.removeprefix(prefix): [identity.pid for identity in group] for mark, group in marked.items()}

    def listeners(self) -> list[Open]:
        """Every TCP listener of the running parts and pods, in the order of the table of parts."""
        network.check(self.home)
        running = self.processes()
        parts = [part.name for part in self._supervisor().parts]
        ordered = {name: running[name] for name in [*parts, *sorted(running.keys() - {*parts})] if name in running}
        own = network.is_inside(self.home)
        return opened(ordered, {name: self.site.ports_of(name) for name in parts}, own_network=own)

    @property
    def site(self) -> Site:
        """Ports, ranges and paths of this sandbox; it must exist."""
        self._must_exist()
        return self._site(self.workers)

    def _remembered(self) -> dict[str, list[str]]:
        return dict(files.read_json(self.home.path / "sandbox.json", {}))

    def _workers(self, wanted: int | None) -> tuple[str, ...]:
        known = len(self.workers)
        count = wanted if wanted is not None else known or 1
        if count < max(known, 1):
            raise BadInputError(
                f"{count} workers are fewer than the {known} there are" if known else f"{count} workers cannot be",
                where=f"sandbox {self.home.name}",
                expected="as many or more; `meshroll sandbox clean` starts anew" if known else "1 or more",
            )
        return tuple(f"worker-{number}" for number in range(1, count + 1))

    def _builds(self) -> list[parts.Build]:
        official = environment.official(self.home)
        installed = {parts.PULUMI: official.cli, parts.PULUMI_KUBERNETES: official.kubernetes}
        return [item for item in parts.BUILDS if installed.get(item) is None]

    def _site(self, workers: Sequence[str]) -> Site:
        return Site(
            home=self.home,
            workers=tuple(workers),
            ports=claims.ports(self.home),
            ranges=claims.ranges(self.home, workers),
            programs=parts.programs(self._cache),
            definitions=crds.Definitions(crds.folder(self._cache)),
            credentials=SandboxCredentials.load(self.home),
            workloads=tuple(Path(path) for path in self._remembered().get("workloads", ())),
        )

    def _supervisor(self, progress: Progress = _silent) -> Supervisor:
        self._must_exist()
        return Supervisor(self.home, table.nodes(self._site(self.workers)), progress)

    def _must_exist(self) -> None:
        if not self.exists:
            raise UnavailableError(
                "does not exist", where=f"sandbox {self.home.name}", expected="`meshroll sandbox up`"
            )

    @contextmanager
    def _locked(self, progress: Progress, *, new: bool = False) -> Iterator[None]:
        if not new:
            self._must_exist()

        def waiting() -> None:
            progress(f"waiting for another command on sandbox {self.home.name}")

        with files.locked(self.home.lock, waiting):
            yield
