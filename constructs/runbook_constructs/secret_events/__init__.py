"""Rotations, and the restarts after them, to those who are on call."""
