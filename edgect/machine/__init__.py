"""What of this machine a process may use, cores and memory, and what is kept on it between runs."""
