"""The recipe of the weights of `youth-resnet`, kept so that anybody can repeat it.

It is not part of the installed packages. Run it from a checkout: `python -m training --help`.
"""
