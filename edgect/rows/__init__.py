"""What a row holds, and its forms: table, CSV, JSON lines."""

from edgect.rows.columns import schema

__all__ = ["NOTICE", "schema"]

NOTICE = "Research use only: not a medical device, no diagnosis."
"""What every output says of itself."""
