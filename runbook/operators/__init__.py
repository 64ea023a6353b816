"""What operators do beside releases; the pipeline, which only releases, has none of it."""
