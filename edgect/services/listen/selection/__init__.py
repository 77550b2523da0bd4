"""What of the images received is classified, by the rules of a file."""
