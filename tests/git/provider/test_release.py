"""The Release resource over the plug-in's protocol, on a real repository."""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2
from pulumi.runtime.rpc import UNKNOWN

from meshroll.errors import BadInputError, TimedOutError
from meshroll.provider.resource import Services
from meshroll.release import planning
from meshroll.release.inputs import ReleaseInputs
from meshroll.settings.model import Cluster
from tests.support.git.repositories import Repository
from tests.support.provider.engine import Engine, secret, started

FILE = "live/w/provider/rollout.yaml"


@dataclass
class World:
    """What stands for the clusters: remembers what it was asked, and answers as told."""

    refusal: str = ""
    late: str = ""
    notes: list[str] = field(default_factory=list)
    validated: list[tuple[str, list[str]]] = field(default_factory=list)
    waited: list[tuple[str, list[str]]] = field(default_factory=list)
    hangs: threading.Event | None = None
    lacks: tuple[str, ...] = ()
    meanwhile: Callable[[], None] = lambda: None
    disk: OSError | None = None
    behind: str = ""
    looked: list[tuple[str, list[str]]] = field(default_factory=list)

    def services(self) -> Services:
        return Services(self.validate, self.wait, lambda _inputs: self.lacks, self.look)

    def look(self, _inputs: ReleaseInputs, commit: str, services: Sequence[str]) -> str:
        self.looked.append((commit, list(services)))
        return self.behind

    def validate(self, worker: Cluster, objects: Sequence[dict[str, Any]]) -> list[str]:
        self.validated.append((worker.name, sorted({item["metadata"]["name"] for item in objects})))
        if self.refusal:
            raise BadInputError(self.refusal)
        return self.notes

    def wait(self, inputs: ReleaseInputs, commit: str, services: Sequence[str], report: Any) -> tuple[str, ...]:
        self.waited.append((commit, list(services)))
        report("Application shop-w is syncing")
        self.meanwhile()
        if self.disk:
            raise self.disk
        if self.hangs:
            self.hangs.wait(30)
        if self.late:
            raise TimedOutError(self.late)
        return ("provider in w waits: go on with `meshroll promote provider -s prod`",)


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def engine(world: World) -> Iterator[Engine]:
    with started(world.services()) as engine:
        yield engine


def inputs(repository: Repository, **versions: str) -> dict[str, Any]:
    parameters = {"image": "x/y:1", "port": 20880.0, "portName": "grpc"}
    return {
        "stack": "prod",
        "repository": {"url": repository.remote.url, "branch": "main"},
        "path": "live/w",
        "namespace": "shop",
        "services": [
            {"name": name, "version": version, "template": "weight", "parameters": parameters}
            for name, version in versions.items()
        ],
        "argocd": {"cluster": {"context": "host"}, "applications": ["shop-w"]},
        "workers": [{"name": "w"}],
        "wait": "synced",
    }


def up(engine: Engine, wanted: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    checked = engine.check(wanted)
    return checked, engine.create(checked)[1]


def test_a_preview_shows_the_diff_and_changes_nothing(engine: Engine, repository: Repository) -> None:
    checked = engine.check(inputs(repository, provider="v1"))
    identity, outputs = engine.create(checked, preview=True)
    assert (identity, outputs) == ("", {})  # commit and versions are not known, so they are not answered
    (diff,) = engine.words.said
    assert f"diff --git a/{FILE} b/{FILE}\nnew file mode 100644\n" in diff
    assert "+        version: v1\n" in diff
    assert "containerPort: 20880\n" in diff  # it arrived as 20880.0
    assert repository.git("for-each-ref") == ""


def test_up_makes_the_commit_waits_for_it_and_says_how_to_go_on(
    engine: Engine, repository: Repository, world: World
) -> None:
    checked = engine.check(inputs(repository, provider="v1", consumer="v1"))
    assert [edit["old"] for edit in checked["edits"]] == [""] * len(repository_files(checked))
    identity, outputs = engine.create(checked)
    head = repository.head()
    assert identity == "prod/shop-w"
    assert outputs == {"commit": head, "versions": {"provider": "v1", "consumer": "v1"}}
    assert repository.log() == ["Release 2 services of prod"]
    assert world.validated == [("w", ["consumer", "provider"])]
    assert world.waited == [(head, ["provider", "consumer"])]
    assert engine.words.said == [
        f"committed {head[:12]} to main: provider - -> v1, consumer - -> v1",
        "(Application shop-w is syncing)",
        "provider in w waits: go on with `meshroll promote provider -s prod`",
    ]


def repository_files(checked: dict[str, Any]) -> list[str]:
    return [edit["file"] for edit in checked["edits"]]


def test_a_second_up_changes_nothing_and_has_no_cluster_validate_it(
    engine: Engine, repository: Repository, world: World
) -> None:
    old, outputs = up(engine, inputs(repository, provider="v1"))
    world.validated.clear()
    new = engine.check(inputs(repository, provider="v1"))
    assert new["edits"] == []
    assert engine.diff(old, new, outputs) is None
    assert world.validated == []


def test_a_new_version_is_an_update_of_that_service_alone(engine: Engine, repository: Repository, world: World) -> None:
    old, outputs = up(engine, inputs(repository, provider="v1", consumer="v1"))
    new = engine.check(inputs(repository, provider="v2", consumer="v1"))
    assert repository_files(new) == [FILE]
    assert engine.diff(old, new, outputs) == ["services[0].version"]
    assert engine.update(new, preview=True) == {}
    assert engine.update(new) == {"commit": repository.head(), "versions": {"provider": "v2", "consumer": "v1"}}
    assert repository.log()[0] == "Release provider v1 -> v2"
    assert world.waited[-1] == (repository.head(), ["provider"])
    assert world.validated[-1] == ("w", ["provider"])


def test_another_way_to_the_same_servers_is_no_change(engine: Engine, repository: Repository) -> None:
    old, outputs = up(engine, inputs(repository, provider="v1"))
    moved = inputs(repository, provider="v1") | {"workers": [{"name": "w", "kubeconfig": "/new"}], "timeoutSeconds": 5}
    assert engine.diff(old, engine.check(moved), outputs) is None


def test_a_file_changed_by_hand_is_a_change_though_the_stack_is_the_same(
    engine: Engine, repository: Repository
) -> None:
    old, outputs = up(engine, inputs(repository, provider="v1"))
    repository.commit(write={FILE: repository.read(FILE).replace("replicas: 1", "replicas: 7")})
    new = engine.check(inputs(repository, provider="v1"))
    assert engine.diff(old, new, outputs) == ["edits"]
    engine.update(new)
    assert "replicas: 1\n" in repository.read(FILE)


def test_a_refresh_sees_the_version_that_someone_else_committed(engine: Engine, repository: Repository) -> None:
    old, outputs = up(engine, inputs(repository, provider="v1", consumer="v1"))
    assert engine.read(old, outputs) == (old, outputs)
    repository.commit(write={FILE: repository.read(FILE).replace("version: v1\n", "version: v9\n")})
    seen, now = engine.read(old, outputs)
    assert now == {"commit": repository.head(), "versions": {"provider": "v9", "consumer": "v1"}}
    assert [service["version"] for service in seen["services"]] == ["v9", "v1"]
    assert engine.diff(seen, old, now) == ["services[0].version"]


def test_a_refresh_sees_that_a_service_is_gone(engine: Engine, repository: Repository) -> None:
    old, outputs = up(engine, inputs(repository, provider="v1"))
    repository.commit(remove=(FILE,))
    seen, now = engine.read(old, outputs)
    assert now["versions"] == {}
    assert "version" not in seen["services"][0]


def test_a_refresh_of_an_unchanged_release_shows_nothing(engine: Engine, repository: Repository) -> None:
    old, outputs = up(engine, inputs(repository, provider="v1"))
    seen, now = engine.read(old, outputs)
    assert old["edits"]  # what the first run did is still among its inputs, and is no change
    assert engine.diff(seen, old, now) is None


def test_what_moved_between_check_and_create_is_a_conflict_with_a_name(
    engine: Engine, repository: Repository, world: World
) -> None:
    up(engine, inputs(repository, provider="v1"))
    checked = engine.check(inputs(repository, provider="v2"))
    text = repository.read(FILE).replace("replicas: 1", "replicas: 7")
    theirs = repository.commit("scale up", write={FILE: text})
    with pytest.raises(grpc.RpcError) as caught:
        engine.update(checked)
    assert caught.value.details() == (
        f"{FILE}: it was changed by Ada in {theirs[:12]} (scale up) since it was planned; expected a new plan"
    )
    assert len(world.waited) == 1


def test_a_commit_that_was_made_before_a_crash_is_not_made_again(engine: Engine, repository: Repository) -> None:
    up(engine, inputs(repository, provider="v1"))  # and the state was lost
    _, outputs = up(engine, inputs(repository, provider="v1"))
    assert outputs == {"commit": repository.head(), "versions": {"provider": "v1"}}
    assert repository.log() == ["Release provider v1"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"path": "../x"}, "'../x' is not a path inside the repository"),
        ({"services": [{"name": "a", "version": "v 1", "template": "weight"}]}, "the version 'v 1' cannot be"),
        ({"services": [{"name": "a", "version": "v1", "template": "none"}]}, "there is no template 'none'"),
    ],
)
def test_bad_input_is_one_sentence_of_check(
    engine: Engine, repository: Repository, change: dict[str, Any], sentence: str
) -> None:
    assert sentence in engine.failure(inputs(repository, provider="v1") | change)


def test_an_object_that_the_cluster_would_refuse_is_never_committed(
    engine: Engine, repository: Repository, world: World
) -> None:
    world.refusal = "Rollout shop/provider /spec/replicas: -1 is below 0"
    assert engine.failure(inputs(repository, provider="v1")) == world.refusal
    assert repository.git("for-each-ref") == ""


def test_what_could_not_be_checked_is_said_once(engine: Engine, repository: Repository, world: World) -> None:
    world.notes = ["the dry run is skipped: the namespace shop does not exist yet"] * 2
    engine.check(inputs(repository, provider="v1"))
    assert engine.words.said == [f"cluster w: {world.notes[0]}"]


def test_a_wait_that_fails_keeps_the_release_with_what_git_holds(
    engine: Engine, repository: Repository, world: World
) -> None:
    world.late = "Application shop-w is syncing, and the 120 s of delivery.timeout are over"
    checked = engine.check(inputs(repository, provider="v1"))
    outputs = {"commit": "", "versions": {"provider": "v1"}}
    said = engine.undelivered(lambda: engine.create(checked))
    assert said == (world.late, "prod/shop-w", outputs | {"commit": repository.head()})
    assert repository.log() == ["Release provider v1"]

    second = engine.check(inputs(repository, provider="v2"), checked)
    said = engine.undelivered(lambda: engine.update(second))
    assert said == (world.late, "prod/shop-w", {"commit": repository.head(), "versions": {"provider": "v2"}})
    assert repository.log() == ["Release provider v1 -> v2", "Release provider v1"]


def test_the_outputs_are_what_git_holds_when_another_release_came_instead(
    engine: Engine, repository: Repository, world: World
) -> None:
    up(engine, inputs(repository, provider="v1", consumer="v1"))
    checked = engine.check(inputs(repository, provider="v2", consumer="v1"))

    def overtake() -> None:
        text = repository.read(FILE).replace("version: v2\n", "version: v3\n")
        repository.commit("hotfix", write={FILE: text})

    world.meanwhile, world.late = overtake, "provider v3 came instead of v2"
    said = engine.undelivered(lambda: engine.update(checked))
    theirs = {"commit": repository.head(), "versions": {"provider": "v3", "consumer": "v1"}}
    assert said == ("provider v3 came instead of v2", "prod/shop-w", theirs)


def test_the_outputs_are_what_git_holds_when_another_service_was_released_during_the_wait(
    engine: Engine, repository: Repository, world: World
) -> None:
    up(engine, inputs(repository, provider="v1", consumer="v1"))
    checked = engine.check(inputs(repository, provider="v2", consumer="v1"))
    other = "live/w/consumer/rollout.yaml"

    def release() -> None:
        text = repository.read(other).replace("version: v1\n", "version: v9\n")
        repository.commit("hotfix", write={other: text})

    world.meanwhile = release
    assert engine.update(checked) == {"commit": repository.head(), "versions": {"provider": "v2", "consumer": "v9"}}


@pytest.mark.parametrize("versions", [{"provider": "v2"}, {"provider": "v3"}])
def test_after_a_run_that_was_killed_the_next_version_is_released(
    engine: Engine, repository: Repository, world: World, versions: dict[str, str]
) -> None:
    old, outputs = up(engine, inputs(repository, provider="v1"))
    world.late = "the run was killed here: nothing of this update reaches the state"
    engine.undelivered(lambda: engine.update(engine.check(inputs(repository, provider="v2"), old)))
    world.late = ""
    engine.words.said.clear()
    checked = engine.check(inputs(repository, **versions), old)
    assert engine.words.said == []
    assert engine.diff(old, checked, outputs) == ["services[0].version"]
    assert engine.update(checked) == {"commit": repository.head(), "versions": versions}
    assert world.waited[-1] == (repository.head(), ["provider"])


def test_nothing_is_committed_that_cannot_be_delivered(engine: Engine, repository: Repository, world: World) -> None:
    world.lacks = ("there is no namespace shop in cluster w", "Application shop-w does not exist")
    checked = engine.check(inputs(repository, provider="v1"))
    with pytest.raises(grpc.RpcError) as caught:
        engine.create(checked)
    assert caught.value.details() == (
        "there is no namespace shop in cluster w; Application shop-w does not exist; nothing was committed"
    )
    assert "grpc-status-details-bin" not in dict(caught.value.trailing_metadata())
    assert repository.git("for-each-ref") == ""


def test_what_is_not_delivered_is_a_change_though_there_is_nothing_to_commit(
    engine: Engine, repository: Repository, world: World
) -> None:
    old, outputs = up(engine, inputs(repository, provider="v1"))
    world.behind = "Application shop-w does not exist"
    engine.words.said.clear()
    checked = engine.check(inputs(repository, provider="v1"), old)
    assert engine.diff(old, checked, outputs) == ["argocd"]
    assert engine.words.said == ["nothing to commit, but not delivered: Application shop-w does not exist"]
    assert world.looked == [(outputs["commit"], ["provider"])]
    world.behind = ""
    engine.update(checked)  # waits again for what Git holds
    assert world.waited[-1] == (repository.head(), ["provider"])
    assert engine.diff(checked, checked, outputs) is None


def test_a_service_that_an_earlier_wait_left_behind_is_waited_for_too(
    engine: Engine, repository: Repository, world: World
) -> None:
    old, _ = up(engine, inputs(repository, provider="v1", consumer="v1"))
    checked = engine.check(inputs(repository, provider="v1", consumer="v2"), old)
    world.behind = "Rollout provider in w is degraded"
    engine.update(checked)
    assert world.waited[1:] == [(repository.head(), ["consumer"]), (repository.head(), ["provider"])]


def test_a_disk_that_is_full_is_a_sentence_and_the_release_is_kept(
    engine: Engine, repository: Repository, world: World
) -> None:
    world.disk = OSError(errno.ENOSPC, "No space left on device", "/cache/git")
    checked = engine.check(inputs(repository, provider="v1"))
    said, identity, outputs = engine.undelivered(lambda: engine.create(checked))
    assert (identity, outputs) == ("prod/shop-w", {"commit": repository.head(), "versions": {"provider": "v1"}})
    assert said == ("this machine does not let Meshroll go on: No space left on device (/cache/git)")


def test_an_interrupt_ends_the_wait_and_asks_git_nothing_more(
    engine: Engine, repository: Repository, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[ReleaseInputs] = []
    world.hangs = threading.Event()
    checked = engine.check(inputs(repository, provider="v1"))
    monkeypatch.setattr(planning, "versions", lambda of: (asked.append(of), ("", {}))[1])
    threading.Timer(0.5, lambda: engine.stub.Cancel(provider_pb2.google_dot_protobuf_dot_empty__pb2.Empty())).start()
    said = engine.undelivered(lambda: engine.create(checked))
    world.hangs.set()
    assert said == (
        "the wait was interrupted; the commit is made; expected `pulumi up` to wait again",
        "prod/shop-w",
        {"commit": repository.head(), "versions": {"provider": "v1"}},
    )
    assert asked == []


def test_a_defect_is_named_as_one(engine: Engine, repository: Repository, world: World) -> None:
    world.waited = None  # type: ignore[assignment]
    with pytest.raises(grpc.RpcError) as caught:
        up(engine, inputs(repository, provider="v1"))
    assert caught.value.details().startswith("a defect in Meshroll: AttributeError: ")


def test_credentials_come_back_secret_though_the_program_forgot(engine: Engine, repository: Repository) -> None:
    wanted = inputs(repository, provider="v1")
    wanted["repository"]["credentials"] = {"username": "robot", "password": "p"}
    checked = engine.check(wanted)
    assert checked["repository"]["credentials"] == secret({"username": "robot", "password": "p"})


def test_a_secret_parameter_is_refused(engine: Engine, repository: Repository) -> None:
    wanted = inputs(repository, provider="v1")
    wanted["services"][0]["parameters"] = secret({"image": "x/y:1", "port": 80})
    assert engine.failure(wanted) == (
        "services: a secret would be committed to Git in clear; expected the name of a Secret instead"
    )


def test_inputs_that_are_not_known_yet_are_planned_later(engine: Engine, repository: Repository) -> None:
    wanted = inputs(repository, provider="v1") | {"workers": [{"name": "w", "uid": UNKNOWN}]}
    checked = engine.check(wanted)
    assert "edits" not in checked
    assert engine.create(checked, preview=True) == ("", {})
    assert engine.words.said == []


def test_an_import_is_refused(engine: Engine) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        engine.read({}, {})
    assert caught.value.details() == ("a Release cannot be imported; expected `pulumi up`, which adopts what Git holds")
