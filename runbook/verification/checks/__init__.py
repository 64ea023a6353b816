"""What no template says: each module is one check, and is found by itself (``check.py``)."""
