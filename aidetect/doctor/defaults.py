"""What the template's parameters are where no stack says otherwise; a test holds them to it."""

DEFAULTS = {
    "CpuMaxvCpus": "16",
    "JobVcpus": "4",
    "MaxvCpus": "32",
    "PreparationVcpus": "4",
    "SpotInstanceTypes": "g4dn.xlarge,g4dn.2xlarge,g5.xlarge,g5.2xlarge,g6.xlarge,g6.2xlarge",
}
