"""What the command line calls the parameters that messages of the other rooms name."""

OTHER_NAMES = {
    "base": "--from",
    "grids": "--grid",
    "oracles": "--oracle",
    "others": "--with",
    "replace": "--force",
    "seconds": "--time",
    "settings": "--set",
    "stops": "--stop",
    "which": "--checkpoint",
}


def option_name(parameter: str) -> str:
    """The option of a parameter, in most cases of the same name: top_p is --top-p."""
    return OTHER_NAMES.get(parameter) or "--" + parameter.replace("_", "-").replace(".", "-")
