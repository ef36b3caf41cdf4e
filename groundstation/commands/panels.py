"""The groups of commands in `amu --help`. A command's module names its group as `PANEL`."""

FLY = "Fly"
JUDGE = "Judge and look"
HUNT = "Hunt bugs"
SPECIFY = "Specify"
MAINTAIN = "Maintain"
OTHERS = "Others"
ORDER = (FLY, JUDGE, HUNT, SPECIFY, MAINTAIN, OTHERS)
