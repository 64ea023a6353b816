"""Rehearsals: an environment deployed into the emulator, and drills of its releases in it."""
