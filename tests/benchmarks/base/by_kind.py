"""The losses of a base by kind of text, on what was held out of its books (HELD_OUT: the folder that `base-text` wrote).

Each book's held-out text is read as a whole, by `charrnn eval`, in both of its versions; a kind's loss is the mean over its
characters.
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
        books = sorted(args.held_out.glob("*.txt"))
        if not books:
            raise SystemExit(f"{args.held_out}: no .txt files")
        for book in books:
            key = {"base": base, "book": book.stem, "text": digest(book.read_bytes())}
            with skip_if_failed(book.stem):
                results_file.get_or_measure(key, lambda book=book: _evaluate(args.base, book))
    print(f"{table(results_file.matching(base=base))}\n\n{results_file.measured_on()}")


def _evaluate(base: str, book: Path) -> Result:
    evaluation = json.loads(run_charrnn("eval", base, str(book), "--no-baselines", "--json"))
    return {name: evaluation[name] for name in ("loss", "characters")}


def kind(book: str) -> str:
    """The kind of a book."""
    return next((name for name, books in KINDS.items() if book in books.split()), OTHER)


def table(results: Sequence[Result]) -> str:
    """A Markdown table with a row for each kind, and one for all books."""
    newest = {result["book"]: result for result in results}
    rows = []
    for name in (*KINDS, OTHER):
        if found := [result for book, result in newest.items() if kind(book) == name]:
            rows.append(_row(name, found))
    if newest:
        rows.append(_row("all", [*newest.values()]))
    return markdown(["kind of text", "books", "characters", "nats", "bits"], rows)


def _row(name: str, results: Sequence[Result]) -> list[str]:
    characters = sum(result["characters"] for result in results)
    loss = sum(result["loss"] * result["characters"] for result in results) / characters
    return [name, str(len(results)), f"{characters:,}", f"{loss:.3f}", f"{loss / math.log(2):.3f}"]
