"""Manifests as pure functions: templates rendered, objects checked, a canary's steps laid out in time.

Plain dictionaries go in and come out; nothing here reaches a cluster or a repository by itself.
"""

from meshroll.resources import resource

# The templates that come with Meshroll, a folder each.
TEMPLATES = resource("project", "rollout_templates")
