"""How old secrets are, who is asked to replace them, and what alarms when nobody does."""
