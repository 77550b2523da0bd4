"""What edgect takes on this machine: time, memory, and how far INT8 agrees with FP32."""
