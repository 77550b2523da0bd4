"""What a finished network looks at, and what its data give away without it."""
