"""Everything with a socket, a disk cache, a process pool or a clock."""
