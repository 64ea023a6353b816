"""The runbook as data, and the command that operates it. Nothing here imports aws_cdk."""
