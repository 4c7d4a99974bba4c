"""How the weights of `youth-resnet` were made: the recipe, kept so that anybody can repeat it.

Not part of the installed packages. Run it from a checkout: `python -m training --help`.
"""
