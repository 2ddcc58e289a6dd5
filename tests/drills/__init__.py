"""Drills: the service as it is served, under a fault that is made on purpose. Each prints its figures, and fails if
anything was lost, doubled or half done. `python -m tests.drills` runs them all, with `--short` smaller ones; `python -m
tests.drills.kill` and so on runs one. Where they take place is tests/bench/place.py."""
