"""What the function runs: on business days to ring once a month, each day to count."""
