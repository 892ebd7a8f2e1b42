"""A pipeline on real data, to look at and to copy from: delays of flights out of New York."""
