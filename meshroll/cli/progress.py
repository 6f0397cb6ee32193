"""Progress of long work: one plain line each, with the time since the start, on standard error."""

from __future__ import annotations

import time
from collections.abc import Callable

import click

from meshroll.text import one_line


def clock() -> Callable[[str], None]:
    """A function that prints a line with the seconds since this call."""
    began = time.monotonic()

    def show(text: str) -> None:
        click.echo(f"{time.monotonic() - began:6.1f} s  {one_line(text)}", err=True)

    return show
