"""Who may do what, by every policy of an environment's templates together."""
