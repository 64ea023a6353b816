"""Measurements; each prints ratios taken in one run, so that the machine cancels out."""
