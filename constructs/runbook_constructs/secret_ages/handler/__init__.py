"""What the function runs: every few hours, over the secrets of one environment."""
