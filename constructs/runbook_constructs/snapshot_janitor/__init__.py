"""Old snapshots of migrations go; nothing else ever."""
