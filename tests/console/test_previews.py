"""What a dry run says by default: its sentence, the numbers, the first samples."""

from console.previews import SAMPLES, summary


def preview(key: str = "", **result: object) -> dict[str, object]:
    return {"job": 7, "kind": "styles.scan", "key": key, "note": "dry run: 12 of 12 styles differ from JOOR", "result": result or None}


def test_it_shows_the_sentence_the_numbers_and_the_first_samples() -> None:
    first = [{"style": f"D{number}", "colors": 2, "why": "not exported yet"} for number in range(12)]
    lines = summary([preview(differences=12, first=first, gone=[])], "joorsync jobs show 7 --json")
    assert lines[0] == "styles.scan: dry run: 12 of 12 styles differ from JOOR"
    assert "  differences: 12" in lines
    assert "  first, the first 5 of 12:" in lines
    assert "    style D0, colors 2, why not exported yet" in lines
    assert sum(line.startswith("    ") for line in lines) == SAMPLES
    assert not any("gone" in line for line in lines), "what is empty is not told"
    assert lines[-1] == "Everything: joorsync jobs show 7 --json"


def test_of_many_jobs_the_first_are_shown_and_the_others_counted() -> None:
    lines = summary([preview(f"D{number}") for number in range(8)], "joorsync jobs show 7 --json")
    assert "... and 3 more job(s)" in lines


def test_a_short_preview_names_no_further_command() -> None:
    assert summary([preview(head={"action": "made"}, add=[{"style": "D410"}])], "x") == [
        "styles.scan: dry run: 12 of 12 styles differ from JOOR",
        "  head: action made",
        "  add (1):",
        "    style D410",
    ]


def test_long_samples_are_cut() -> None:
    lines = summary([preview(add=["x" * 400])], "the command")
    assert lines[2].endswith(" ...")
    assert len(lines[2]) < 200
    assert lines[-1] == "Everything: the command"
