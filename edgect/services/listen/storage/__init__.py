"""What is on the disk: images that wait, and results that are to be delivered."""
