"""Whether this machine is fit for edgect, and how fast it is."""
