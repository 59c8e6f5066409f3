"""The pulse function: every few minutes, what is under way and for how long."""
