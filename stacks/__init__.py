"""Which constructs exist together, and what they hand each other: wiring only."""
