"""Helpers for the lint: objects, generated combinations of them, and what a real controller makes of those."""
