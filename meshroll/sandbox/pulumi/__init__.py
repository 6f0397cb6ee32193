"""Pulumi on a machine that cannot reach its download site: a private home, and the user's official parts first.

`install` lays a PULUMI_HOME with a file backend. What of the official Pulumi is installed (`find_official`) is used;
what is missing is filled in: the kubernetes plug-in by the official one, built from its Go module, the Python language
host by the stand-in `language`. `processes` finds what runs with such a home.
"""

from meshroll.sandbox.pulumi.home import install
from meshroll.sandbox.pulumi.official import Official, find_official
from meshroll.sandbox.pulumi.running import processes

__all__ = ["Official", "find_official", "install", "processes"]
