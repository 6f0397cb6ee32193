"""The Pulumi provider plug-in: `meshroll:index:Release`, a version change in the rollout repository as a resource.

Started by the Pulumi engine through `pulumi-resource-meshroll`; nothing of the program imports it.
"""

from meshroll import __version__

NAME = "meshroll"
VERSION = __version__
RELEASE = "meshroll:index:Release"
START = "meshroll:index:start"  # the function that does nothing but start the plug-in
