"""The private PULUMI_HOME, and which official parts are found."""

import secrets
import stat
from importlib.metadata import version
from pathlib import Path

import pytest

from meshroll.sandbox.pulumi import Official, find_official, install

LANGUAGE = f"language-python-v{version('pulumi')}"
KUBERNETES = f"resource-kubernetes-v{version('pulumi_kubernetes')}"
BUILT = Path("/parts/pulumi-resource-kubernetes")


def executable(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def mode(path: Path) -> str:
    return stat.filemode(path.stat().st_mode)


def test_the_home_is_private_and_its_environment_complete(tmp_path: Path):
    home = tmp_path / "home"
    assert install(home, Path("/python"), BUILT) == {
        "PULUMI_HOME": str(home),
        "PULUMI_BACKEND_URL": f"file://{home}/state",
        "PULUMI_CONFIG_PASSPHRASE_FILE": str(home / "passphrase"),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
    }
    assert (mode(home), mode(home / "passphrase")) == ("drwx------", "-rw-------")
    assert mode(home / "temporary") == "drwx------"
    assert mode(home / "plugins" / LANGUAGE / "pulumi-language-python") == "-rwxr-xr-x"
    assert mode(home / "plugins" / KUBERNETES / "pulumi-resource-kubernetes") == "-rwxr-xr-x"


def test_a_second_install_keeps_passphrase_and_state_and_removes_old_versions(tmp_path: Path):
    install(tmp_path, Path("/python"), BUILT)
    passphrase = (tmp_path / "passphrase").read_text()
    (tmp_path / "state" / "kept").touch()
    executable(tmp_path / "plugins" / "resource-kubernetes-v4.0.0" / "pulumi-resource-kubernetes")
    (tmp_path / "plugins" / f"{KUBERNETES}.lastused").touch()
    install(tmp_path, Path("/python"), Path("/other/plug-in"))
    assert (tmp_path / "passphrase").read_text() == passphrase
    assert (tmp_path / "state" / "kept").exists()
    assert sorted(item.name for item in (tmp_path / "plugins").iterdir()) == sorted([LANGUAGE, KUBERNETES])
    assert "exec /other/plug-in " in (tmp_path / "plugins" / KUBERNETES / "pulumi-resource-kubernetes").read_text()


def test_official_parts_come_first(tmp_path: Path):
    plugin = executable(tmp_path / "official" / KUBERNETES / "pulumi-resource-kubernetes").parent
    home = tmp_path / "home"
    install(home, Path("/python"), BUILT)
    install(home, Path("/python"), BUILT, Official(language_host=Path("/bin/host"), kubernetes=plugin))
    assert [item.name for item in (home / "plugins").iterdir()] == [KUBERNETES]
    laid = home / "plugins" / KUBERNETES / "pulumi-resource-kubernetes"
    assert f'exec {plugin}/pulumi-resource-kubernetes "$@"' in laid.read_text()
    assert mode(laid) == "-rwxr-xr-x"
    install(home, Path("/python"), BUILT)
    assert f"exec {BUILT} " in laid.read_text()
    assert (plugin / "pulumi-resource-kubernetes").read_text() == "#!/bin/sh\n"


def test_nothing_official_is_found_on_a_bare_machine(tmp_path: Path):
    assert find_official({"PATH": str(tmp_path), "HOME": str(tmp_path)}, "4.34.2") == Official()


def test_official_parts_are_found_on_path_and_in_the_plugin_cache(tmp_path: Path):
    cli = executable(tmp_path / "bin" / "pulumi")
    host = executable(tmp_path / "bin" / "pulumi-language-python")
    plugin = executable(tmp_path / ".pulumi/plugins/resource-kubernetes-v4.35.0/pulumi-resource-kubernetes").parent
    found = find_official({"PATH": str(tmp_path / "bin"), "HOME": str(tmp_path)}, "4.34.2")
    assert found == Official(cli, host, plugin)
    assert found.complete


def test_a_language_host_beside_the_real_cli_counts(tmp_path: Path):
    host = executable(tmp_path / "opt" / "pulumi-language-python")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "pulumi").symlink_to(executable(tmp_path / "opt" / "pulumi"))
    found = find_official({"PATH": str(tmp_path / "bin"), "HOME": str(tmp_path)}, "4.34.2")
    assert found == Official(tmp_path / "bin" / "pulumi", host)


def test_an_older_plugin_and_one_of_another_major_version_do_not_count(tmp_path: Path):
    for name in ("4.33.9", "5.0.0"):
        executable(tmp_path / f"plugins/resource-kubernetes-v{name}/pulumi-resource-kubernetes")
    assert find_official({"PATH": "", "PULUMI_HOME": str(tmp_path)}, "4.34.2") == Official()


def test_the_sandboxs_own_parts_are_not_official(tmp_path: Path):
    executable(tmp_path / "bin" / "pulumi")
    install(tmp_path / "pulumi", Path("/python"), BUILT)
    environ = {"PATH": str(tmp_path / "bin"), "PULUMI_HOME": str(tmp_path / "pulumi")}
    assert find_official(environ, version("pulumi_kubernetes"), own=tmp_path) == Official()


def test_a_passphrase_that_another_command_makes_at_the_same_time_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def other_is_first(length: int) -> str:
        (tmp_path / "passphrase").write_text("of the other command")
        return "own"

    monkeypatch.setattr(secrets, "token_urlsafe", other_is_first)
    install(tmp_path, Path("/python"), BUILT)
    assert (tmp_path / "passphrase").read_text() == "of the other command"
