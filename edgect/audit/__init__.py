"""The audit trail: a hash-chained line for every answer and delivery, and what verifies and replays it."""
