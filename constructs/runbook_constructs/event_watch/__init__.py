"""Events that ring alarms, and what they say to those who are told."""
