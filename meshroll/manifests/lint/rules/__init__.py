"""The rules, one concept a module."""
