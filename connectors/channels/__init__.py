"""One folder per channel; each has the same parts."""
