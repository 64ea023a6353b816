"""For laptops and tests only; not part of the image."""
