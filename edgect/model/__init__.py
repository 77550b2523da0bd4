"""From a slice to a label: bundles, pre-processing, inference engines and the decision."""
