"""Whether this machine is fit for edgect, part by part and offline."""
