"""A canary's timeline: its steps in words, the stages at which it stays, and where no canary will run why."""

from meshroll.manifests.durations import duration_text, seconds
from meshroll.manifests.timeline.model import Gate, Stage, Timeline
from meshroll.manifests.timeline.steps import timeline, timeline_of_steps
from meshroll.manifests.timeline.words import Header

__all__ = ["Gate", "Header", "Stage", "Timeline", "duration_text", "seconds", "timeline", "timeline_of_steps"]
