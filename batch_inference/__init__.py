"""The scorer: manifest → reader → decoder → engine → writer, one noun per file.

Runs as a child of an AWS Batch array job (``python -m batch_inference``) and inside the express
Lambda (:func:`batch_inference.job.run_shard`). Needs no torch.
"""

from detector.telemetry import turn_off

# Before any module below imports ONNX Runtime.
turn_off()
