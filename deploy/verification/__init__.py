"""What every file of a bundle answers on every engine and class of CPU, held against FP32."""
