"""Reference tables, each made from the code that it describes."""
