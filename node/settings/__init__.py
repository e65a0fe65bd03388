"""The settings of a node: `library` is its own node.toml, `city` the federation.toml that all libraries share.

Both are declared with `model`, read by `toml_file`, and documented by `doc` and `dialects_doc`. `switches` are those
of a terminal's dialect. What the node makes of all this is in `node.planning`.
"""
