"""Inputs that nobody would type, by the million: CONTRIBUTING.md says how to run it."""
