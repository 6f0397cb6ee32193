"""Meshroll: Git-native plans for canary deliveries in the work clusters of a hosted Istio mesh."""

__version__ = "0.1.0"
