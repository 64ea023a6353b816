"""Playbooks: the page that an alarm names, with the environment's own names in its commands."""
