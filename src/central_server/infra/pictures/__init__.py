"""Pictures of strangers into pictures of ours: decoded, and encoded anew, in a process of its own for each.

`processor` is the part for services. The rest runs in the child, and imports Pillow and nothing of Central.
"""
