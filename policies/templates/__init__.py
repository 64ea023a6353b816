"""Templates as rules see them: read whole, references followed, what is open said to be open."""
