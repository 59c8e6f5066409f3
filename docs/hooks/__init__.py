"""What the documentation site is made of besides its Markdown: see ``site.py``."""
