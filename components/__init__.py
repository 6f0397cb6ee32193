"""Pulumi components of Meshroll: one concept a module, `stack` puts them together."""
