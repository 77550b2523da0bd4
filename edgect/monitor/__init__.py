"""Whether the scans of a week are like those of a baseline, by what an audit trail says of both."""
