"""The language host's stand-in under the real CLI: what a user sees of the program and of its failures."""

import pytest

from tests.support.checkout import CHECKOUT
from tests.support.sandbox.pulumi_project import Project

RAISES = """
import sys
sys.path.insert(0, {root!r})
from meshroll.errors import BadInputError


def fail(_):
    raise BadInputError("no such service", where="Pulumi.dev.yaml:3", expected="a name")


{call}
"""
ROOT = str(CHECKOUT)


def test_what_the_program_prints_is_shown(project: Project):
    project.write('import sys\nprint("to stdout")\nprint("to stderr", file=sys.stderr)\n', provider="")
    text = project.up()
    assert [word for word in ("to stdout", "to stderr") if word not in text] == []


@pytest.mark.parametrize("call", ["fail(None)", "pulumi.Output.from_input(1).apply(fail)"])
def test_an_error_of_the_project_is_one_sentence_without_a_traceback(project: Project, call: str):
    project.write(RAISES.format(root=ROOT, call=call), provider="")
    text = project.run("preview", fails=True)
    assert "error: Pulumi.dev.yaml:3: no such service; expected a name" in text
    assert [word for word in ("Traceback", "File ", "BadInputError") if word in text] == []


def test_a_run_error_is_one_sentence_without_a_traceback(project: Project):
    project.write('raise pulumi.RunError("wrong from the start")\n', provider="")
    text = project.run("preview", fails=True)
    assert "error: wrong from the start" in text
    assert "File " not in text


def test_any_other_exception_is_shown_from_the_programs_first_line_on(project: Project):
    project.write('def broken():\n    return {}["key"]\n\n\nbroken()\n', provider="")
    text = project.run("preview", fails=True)
    assert "Program failed with an unhandled exception:" in text
    assert "in broken" in text
    assert "KeyError: 'key'" in text
    assert "runpy" not in text


def test_a_failed_program_destroys_nothing(project: Project, namespace: str):
    config = 'ConfigMap("config", metadata={"name": "c", "namespace": NS}, opts=on())\n'
    project.write(config)
    project.up()
    project.write("import os\nos._exit(3)\n")
    text = project.up(fails=True)
    assert "the program ended with exit code 3" in text
    assert "config" in project.state()


def test_every_run_is_a_fresh_process(project: Project):
    (project.folder / "counter.py").write_text("count = 0\n")
    project.write('import counter\ncounter.count += 1\npulumi.export("count", counter.count)\n', provider="")
    project.run("up", "--yes")
    assert project.run("stack", "output", "count").strip() == "1"


def test_the_virtualenv_of_the_project_runs_the_program(project: Project):
    runtime = "name: trial\nruntime: {name: python, options: {virtualenv: venv}}\n"
    (project.folder / "Pulumi.yaml").write_text(runtime)
    project.write("", provider="")
    text = project.run("preview", fails=True)
    assert f"{project.folder}/venv/bin/python is not there; expected the virtualenv that Pulumi.yaml names" in text
    python = project.folder / "venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\necho "run by the project"\nexec {project.python} "$@"\n')
    python.chmod(0o755)
    assert "run by the project" in project.run("preview")


def test_configuration_reaches_the_program_and_secrets_stay_secret(project: Project):
    project.run("config", "set", "size", "3")
    project.run("config", "set", "--secret", "password", "hunter2")
    program = """
config = pulumi.Config()
pulumi.export("size", config.require_int("size"))
pulumi.export("password", config.require_secret("password"))
"""
    project.write(program, provider="")
    assert "hunter2" not in project.up() + project.run("stack", "export")
    assert project.run("stack", "output", "password", "--show-secrets").strip() == "hunter2"


def test_an_interrupted_program_ends_without_a_traceback(project: Project):
    project.write('import time\nopen("started", "w").close()\ntime.sleep(60)\n', provider="")
    text = project.interrupt("preview", when=(project.folder / "started").exists)
    assert "Traceback" not in text
    assert "KeyboardInterrupt" not in text
