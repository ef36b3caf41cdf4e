"""The groups in which `amu --help` lists the commands. The module of a command names its own as `PANEL`."""

FLY = "Fly"
JUDGE = "Judge and look"
HUNT = "Hunt bugs"
SPECIFY = "Specify"
MAINTAIN = "Maintain"
OTHERS = "Others"
ORDER = (FLY, JUDGE, HUNT, SPECIFY, MAINTAIN, OTHERS)
