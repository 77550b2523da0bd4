"""What the out-of-distribution gate lets through: pictures of many kinds, classified by every bundle."""
