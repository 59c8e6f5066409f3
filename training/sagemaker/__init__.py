"""The train stage as a SageMaker training job: the contract of its container, kept here alone."""
