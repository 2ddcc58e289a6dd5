"""What the service costs, measured: each part prints a table of medians and ratios, taken in one run."""
