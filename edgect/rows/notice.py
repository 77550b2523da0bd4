"""What every output says of itself."""

NOTICE = "Research use only: not a medical device, no diagnosis."
