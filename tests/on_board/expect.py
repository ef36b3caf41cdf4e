"""Helpers that tests on a board share."""


def refused(error, part, call, *arguments):
    """`call(*arguments)` must raise `error` with `part` in its text."""
    try:
        result = call(*arguments)
    except error as raised:
        text = str(raised)
    else:
        raise AssertionError(f"want {error.__name__}, have {result!r}")
    assert part in text, f"want {part!r} in {text!r}"


def unhex(text):
    """Bytes from hex digits; blanks are ignored."""
    return bytes.fromhex(text.replace(" ", ""))
