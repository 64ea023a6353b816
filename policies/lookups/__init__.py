"""What several rules ask of an environment's resources."""
