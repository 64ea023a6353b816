"""What the function runs: events in, JSON records out."""
