"""What localstack-core 4.9.2 needs to run this project's template on one machine.

This package lives in the emulator's own virtual environment, and imports nothing of the project.
"""
