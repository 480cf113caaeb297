"""The wire contract in pydantic, one module per resource.

Answers allow unknown keys, because a service may add fields; requests ignore them. Attributes have
clear names, and an alias where the wire spells them otherwise.
"""
