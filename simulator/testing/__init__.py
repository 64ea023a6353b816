"""Files of alarm tests: read, run, and what is said of them."""
