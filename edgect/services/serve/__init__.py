"""Classification over HTTP on this machine: one loaded model, a bounded queue, nothing of a patient kept."""
