"""What the function runs: once a day, over the snapshots of one database."""
