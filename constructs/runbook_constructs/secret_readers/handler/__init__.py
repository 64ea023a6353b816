"""The function that looks who may read the environment's secrets."""
