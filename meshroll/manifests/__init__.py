"""Manifests as pure functions: templates rendered, objects checked, a canary's steps laid out in time.

Plain dictionaries go in and come out; nothing here reaches a cluster or a repository by itself.
"""
