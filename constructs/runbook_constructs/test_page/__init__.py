"""The pager is tried once a month, and the days since are counted."""
