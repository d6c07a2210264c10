"""Templates as Go has them (text/template), as far as documents of the API need them.

Everything that is not there, such as templates within templates, is refused by its name and place.
"""
