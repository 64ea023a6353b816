"""Alarms as data: what is watched, when it is wrong, who is told, and which page helps.

Construct, dashboards, playbooks, policy rules, commands and simulator read the same objects.
"""
