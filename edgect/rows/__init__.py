"""What a row of an answer holds, and its forms: table, CSV, JSON lines."""
