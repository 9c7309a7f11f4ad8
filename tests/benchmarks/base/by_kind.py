"""The losses of a base by kind of text, on what was held out of its books (HELD_OUT: the folder that `base-text` wrote).

The held-out texts of a kind, each in both of its versions, are read one after the other by one `charrnn eval`.
"""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from published.command import run_charrnn, skip_if_failed
from published.results_file import Result, ResultsFile, base_parser
from published.tables import markdown

from .rows import base_digest, digest

KINDS: Mapping[str, str] = {  # the names of the books
    "novels before 1850": """austen-emma austen-persuasion austen-sense candide christmas_carol count_of_monte_cristo don_quixote
        ferdinand_fathom frankenstein jane_eyre legend_of_sleepy_hollow pride_and_prejudice roderick_random tom_jones
        twenty_years_after wuthering_heights""",
    "novels of 1850 to 1899": """brothers_karamazov carmilla cranford crime_and_punishment dorian_gray dracula great_expectations
        heart_of_darkness huckleberry_finn jekyll_and_hyde les_miserables middlemarch moby_dick reign_of_greed sherlock_holmes
        study_in_scarlet tale_of_two_cities time_machine yellow_wallpaper""",
    "novels of 1900 and later": """blue_castle chesterton-ball chesterton-brown chesterton-thursday dubliners enchanted_april
        her_own_people room_with_view ulysses""",
    "stories for children": """alice_in_wonderland anne_of_green_gables boys_of_columbia_high bryant-stories burgess-busterbrown
        edgeworth-parents grimms_fairy_tales little_women tom_sawyer was_i_right wonderful_wizard_of_oz""",
    "plays": "devil_is_an_ass doctor_faustus dolls_house importance_of_being_earnest plays",
    "verse and epics": """beowulf blake-poems divine_comedy iliad milton-paradise morte_darthur odyssey whitman-leaves""",
    "philosophy and politics": """art_of_war confessions_of_st_augustine considerations leviathan meditations on_liberty
        problems_philosophy republic science_of_beauty second_treatise_of_government the_prince""",
    "lives, history, reports": """frederick_douglass how_the_other_half_lives olaudah_equiano peloponnesian_war
        ponies_past_and_present simple_sabotage souls_of_black_folk walden""",
}
OTHER = "other"


def main(arguments: list[str], machine: str) -> None:
    """Evaluate what is missing from the results file, and print the table."""
    parser = base_parser("base-kinds", __doc__, folder="base")
    parser.add_argument("base", metavar="BASE", help="a run, for example builtin:english")
    parser.add_argument("held_out", type=Path, metavar="HELD_OUT")
    args = parser.parse_args(arguments)
    results_file = ResultsFile(args.out / "kinds.jsonl", machine)
    base = base_digest(args.base)
    if not args.table:
        for name, books in _by_kind(args.held_out).items():
            text = b"".join(book.read_bytes() for book in books)
            key = {"base": base, "kind": name, "books": len(books), "text": digest(text)}
            with skip_if_failed(name):
                results_file.get_or_measure(key, lambda books=books: _evaluate(args.base, books))
    print(f"{table(results_file.matching(base=base))}\n\n{results_file.measured_on()}")


def _by_kind(held_out: Path) -> dict[str, list[Path]]:
    """The texts of each kind; of a book with long paragraphs nothing may be held out. Raises SystemExit if there is no text."""
    books = [book for book in sorted(held_out.glob("*.txt")) if book.read_bytes().strip()]
    if not books:
        raise SystemExit(f"{held_out}: no .txt files with text")
    kinds = {name: [book for book in books if kind(book.stem) == name] for name in (*KINDS, OTHER)}
    return {name: found for name, found in kinds.items() if found}


def _evaluate(base: str, books: Sequence[Path]) -> Result:
    evaluation = json.loads(run_charrnn("eval", base, *map(str, books), "--no-baselines", "--json"))
    return {name: evaluation[name] for name in ("loss", "characters")}


def kind(book: str) -> str:
    """The kind of a book."""
    return next((name for name, books in KINDS.items() if book in books.split()), OTHER)


def table(results: Sequence[Result]) -> str:
    """A Markdown table with a row for each kind, and the mean over all characters."""
    newest = {result["kind"]: result for result in results}
    found = [newest[name] for name in (*KINDS, OTHER) if name in newest]
    rows = [_row(result["kind"], result["books"], result["characters"], result["loss"]) for result in found]
    if found:
        books, characters = (sum(result[name] for result in found) for name in ("books", "characters"))
        loss = sum(result["loss"] * result["characters"] for result in found) / characters
        rows.append(_row("all", books, characters, loss))
    return markdown(["kind of text", "books", "characters", "nats", "bits"], rows)


def _row(name: str, books: int, characters: int, loss: float) -> list[str]:
    return [name, str(books), f"{characters:,}", f"{loss:.3f}", f"{loss / math.log(2):.3f}"]
