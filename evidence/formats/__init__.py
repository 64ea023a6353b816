"""How evidence is written: each format takes ``Evidence`` alone and gives bytes."""
