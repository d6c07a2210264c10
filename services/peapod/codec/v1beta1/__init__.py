"""The tables of v1beta1, a kind in the file of its name; `forms` has them all."""
