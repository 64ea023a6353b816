"""What CloudWatch would do with alarms as they are synthesized, without CloudWatch (ALL-2)."""
