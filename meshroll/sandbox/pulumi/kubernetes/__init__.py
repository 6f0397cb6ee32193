"""Stand-in for Pulumi's official kubernetes plug-in (`pulumi-resource-kubernetes`), for machines that cannot fetch it.

It serves what the project's components use and refuses the rest by naming the official plug-in, which is used instead
wherever it is installed.
"""
