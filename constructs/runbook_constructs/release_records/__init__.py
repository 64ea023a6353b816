"""Records of every release and production write, under the lock of the audit bucket."""
