"""CSV as people's programs write it: bytes to text, text to numbered records, cells that a spreadsheet would run."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Sequence

from models.errors import NotPossible

#: A spreadsheet runs a cell that begins with one of these. An apostrophe before it says that it is text; reading takes it off again.
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
Refuse = Callable[[Sequence[str]], NotPossible]  # a list of errors -> the exception that says which file was not taken


def decoded(data: bytes, refuse: Refuse) -> str:
    """UTF-8 with or without a mark, or UTF-16 with one. Raises what `refuse` makes, naming the line."""
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise refuse([f"line {line}: not UTF-8 text (byte {error.start}); save the file as CSV UTF-8"]) from None
    if "\0" in text:
        raise refuse([f"line {text[: text.index(chr(0))].count(chr(10)) + 1}: not a text file"])
    return text


def records(text: str, refuse: Refuse) -> Iterable[tuple[int, list[str]]]:
    """(line on which the record begins, cells). Excel writes ; or tab where the country uses the comma for decimals."""
    first = text.splitlines()[0] if text else ""
    delimiter = max((",", ";", "\t"), key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    begins = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise refuse([f"line {begins}: {error} (a quotation mark that is not closed, or stands inside a cell?)"]) from None
        yield begins, cells
        begins = reader.line_num + 1


def quoted_formula(cell: str) -> str:
    return "'" + cell if _FORMULA.match(cell) else cell


def unquoted(cell: str) -> str:
    return cell[1:] if cell[:1] == "'" and _FORMULA.match(cell) else cell
