"""What the command line does, command by command; `__main__` only reads its words."""
