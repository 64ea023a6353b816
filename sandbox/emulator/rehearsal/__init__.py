"""What a rehearsal adds to the emulator: tasks as local processes, the lifecycle of a deployment.

Openly a simulation (docs/decisions/0021): without a rehearsal's settings none of it is loaded.
"""
