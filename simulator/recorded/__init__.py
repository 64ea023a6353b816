"""Recorded metrics: asked for, read, replayed, compared, drawn."""
