"""The gate that each release of a blue/green service passes: construct and Lambda code."""
