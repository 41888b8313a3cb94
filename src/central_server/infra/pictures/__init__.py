"""Pictures of strangers into pictures of ours: decoded, and encoded anew, in a process of its own for each.

`processor` is the part for services, `fork_server` the process that it talks to, `child` what that forks. These two
and what they use import Pillow and nothing of Central.
"""
