"""The command line: words in, tables or JSON out, an exit status that scripts can use.

0 it worked; 1 it did not, and the last line of standard error says why; 2 the command was not understood.
"""
