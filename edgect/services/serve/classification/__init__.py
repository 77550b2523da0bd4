"""From the files of a request to rows and pictures."""
