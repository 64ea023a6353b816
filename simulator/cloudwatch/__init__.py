"""What CloudWatch does with alarms: pure, on series of datapoints."""
