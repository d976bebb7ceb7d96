"""Scripts that write the files of corpora/made, one a library; run by hand, in an environment of their own."""
