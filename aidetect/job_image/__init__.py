"""Builds the jobs' images in the account, where no container tool is needed."""
