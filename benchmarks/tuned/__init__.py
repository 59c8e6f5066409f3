"""Does tuning part of the encoder beat the frozen probe on sources never seen? On a CPU."""
