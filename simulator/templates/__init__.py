"""Alarms as templates have them, ours or anybody's, read for a replay."""
