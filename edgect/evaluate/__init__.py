"""How good the answers are on slices whose truth is known: read labels, count, tell and draw."""
