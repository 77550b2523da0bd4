"""What a bundle says of itself: its manifest and its model card."""
