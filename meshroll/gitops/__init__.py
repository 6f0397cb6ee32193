"""Rollout repositories: what a release would change in one, making it so, and what its past says.

Four packages, each of which imports only those before it: `git` knows Git and nothing of Meshroll, `plans` is what a
release changes, `planners` compute it, `history` reads what was released and undone. Outsiders import what a package
itself declares. Nothing here knows of Pulumi or of a cluster.
"""
