"""Other people's scanners, asked as libraries inside the jail."""
