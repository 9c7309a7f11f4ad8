"""Check an error of the command line: exit code, stderr, no traceback."""

from shells import as_on_posix


def refused(result, code, *words):
    assert result.exit_code == code, result.stderr
    assert result.stdout == ""
    for word in words:
        assert as_on_posix(word) in as_on_posix(" ".join(result.stderr.split())), result.stderr
    assert "Traceback" not in result.stderr
    assert result.stderr.startswith("error: ")
    assert code == 1 or "--help" in result.stderr
