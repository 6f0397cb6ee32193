"""Manifests as pure functions: templates rendered, objects checked, a canary's steps laid out in time.

Plain dictionaries go in and come out; nothing here reaches a cluster or a repository by itself.
"""

from pathlib import Path

# The checkout's own templates, a folder each.
TEMPLATES = Path(__file__).resolve().parents[2] / "rollout_templates"
