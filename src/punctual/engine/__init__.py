"""Pure planning mathematics: integer working minutes in, verified schedules out. No Django; I/O only in formats/."""

from punctual.engine.kernel_folder import name_kernel_folder

name_kernel_folder()
