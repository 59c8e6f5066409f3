"""From labelled images to a released detector: weights, graph, head, calibration, registry.

Nothing here imports torch: the graph is written from the encoder's weights, and ONNX Runtime
computes the features.
"""

from detector.telemetry import turn_off

# Before any module below imports ONNX Runtime.
turn_off()
