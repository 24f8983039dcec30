"""The pause that always works: signed beforehand, kept encrypted, sent to every network at once.

It stands by itself. It imports nothing of the rest of `governance`, and needs no database, no proposals, no policy and no
workspace at run time: a bundle, a payer's keystore and a node are enough. It can send one thing only, a Safe transaction that
calls `pause()` on the governed system, and refuses every other.
"""
