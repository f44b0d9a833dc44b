"""Punctual 准交: project order management.

Faces (web, api, cli, worker) → flows → domain → platform, engine → kernel; see ARCHITECTURE.md.
"""

__version__ = "0.1.0"
