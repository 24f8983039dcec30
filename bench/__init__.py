"""Measurements of this program beside others, in one run, on one machine. `python -m bench` prints them.

A number without the other program's number beside it says nothing, so none is printed alone.
"""
