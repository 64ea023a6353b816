"""What asks a service from outside, as anybody on the internet would."""
