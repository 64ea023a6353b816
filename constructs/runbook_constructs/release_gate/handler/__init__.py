"""What runs in Lambda: the two hooks of ECS, and the steps of the state machine."""
