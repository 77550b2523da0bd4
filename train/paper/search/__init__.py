"""Bayesian search of learning rate, momentum and L2 (paper, section 2.4), by one process or many."""
