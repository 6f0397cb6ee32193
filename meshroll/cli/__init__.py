"""The command `meshroll`, thin over the library: every subcommand is loaded only when it is called."""

from __future__ import annotations

import atexit
import gc
import importlib
import io
import os
import sys
from typing import Any

import click

from meshroll import __version__
from meshroll.errors import ExitCode, MeshrollError
from meshroll.extras import missing_extra

# Subcommand: the module that holds it, and its help, so that `meshroll --help` loads none of them.
COMMANDS = {
    "config": ("meshroll.cli.config", "Print the effective settings of a stack and where each came from."),
    "set": ("meshroll.cli.config", "Change a service's version in the stack file, and only those bytes."),
    "plan": ("meshroll.cli.plan", "Show what releasing versions would change in Git."),
    "apply": ("meshroll.cli.plan", "Commit and push a plan."),
    "rollback": ("meshroll.cli.history", "Return a service in Git to what it was before a release."),
    "history": ("meshroll.cli.history", "List releases and undos from the commits' trailers."),
    "retry": ("meshroll.cli.history", "Release a version again that was undone."),
    "promote": ("meshroll.cli.delivery", "Continue a paused canary by one step, or in full."),
    "sandbox": ("meshroll.cli.sandbox", "Build, start, feed and stop a whole hosted mesh on loopback."),
    "demo": ("meshroll.cli.demo", "Deliver by weight and by header on the sandbox and measure the traffic."),
}
YOUNG_OBJECTS = 50_000  # made between two searches for garbage; importing a command alone makes half as many
OF_SANDBOX = frozenset({"sandbox", "demo"})  # they need its extra


class LazyGroup(click.Group):
    """A group whose commands are imported on use: importing all of them would double the start of each."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of one command and take the object of the command's name."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(COMMANDS[cmd_name][0])
        command = getattr(module, f"{cmd_name}_command")
        assert isinstance(command, click.Command)  # noqa: S101 - the table above and the modules are one program
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands with the helps of the table."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="meshroll")
def cli() -> None:
    """Git-native plans for canary deliveries in the work clusters of a hosted Istio mesh."""


def main(arguments: list[str] | None = None) -> Any:
    """Run the command; an error is one sentence on standard error and the exit code of its class."""
    given = sys.argv[1:] if arguments is None else arguments
    # Closed by whoever started us, Python has none.
    sys.stdout = sys.stdout or io.StringIO()
    sys.stderr = sys.stderr or io.StringIO()
    if any(not word.isascii() and word != word.encode("utf-8", "replace").decode() for word in given):
        print("meshroll: the command line: it holds bytes that are not UTF-8", file=sys.stderr)
        return int(ExitCode.BAD_INPUT)
    if arguments is None:  # this command is all that the process is for
        gc.set_threshold(YOUNG_OBJECTS)
        atexit.register(gc.freeze)
    try:
        return cli.main(args=arguments, prog_name="meshroll", standalone_mode=False) or ExitCode.DONE
    except click.ClickException as error:
        error.show()
        return int(ExitCode.BAD_INPUT)
    except (click.Abort, KeyboardInterrupt):
        print("meshroll: interrupted", file=sys.stderr)
        return int(ExitCode.RETRY)
    except MeshrollError as error:
        print(f"meshroll: {error}", file=sys.stderr)
        return int(error.exit_code)
    except ModuleNotFoundError as error:
        command = next((word for word in given if word in COMMANDS), "")
        missing = missing_extra(error, command, of_sandbox=command in OF_SANDBOX)
        if missing is None:
            raise
        print(f"meshroll: {missing}", file=sys.stderr)
        return int(missing.exit_code)
    except BrokenPipeError:
        # The reader of our output left (`meshroll … | head`): not an error, but Python would print one at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return int(ExitCode.DONE)
    except OSError as error:
        print(f"meshroll: {error}", file=sys.stderr)
        return int(ExitCode.RETRY)
