"""What raises accuracy on sources never seen: each lever alone, against the same baseline."""
