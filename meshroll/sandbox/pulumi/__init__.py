"""Pulumi on a machine that cannot reach its download site: a private home, two stand-ins, and the official parts first.

`install` lays a PULUMI_HOME with a file backend. What of the official Pulumi is installed (`find_official`) is used;
only what is missing is filled in by the stand-ins `language` (the Python language host) and `kubernetes` (the plug-in).
`processes` finds what runs with such a home.
"""

from meshroll.sandbox.pulumi.home import install
from meshroll.sandbox.pulumi.official import Official, find_official
from meshroll.sandbox.pulumi.running import processes

__all__ = ["Official", "find_official", "install", "processes"]
