"""What the gate lets through: pictures of many kinds, held before every bundle."""
