"""The tests of filling/: files that bring real schools and people."""
