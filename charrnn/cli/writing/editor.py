"""The editor of `charrnn write`: the text, and behind the cursor in grey what the model would write next."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from prompt_toolkit.application import Application
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.document import Document
from prompt_toolkit.filters import Condition
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.layout import BufferControl, Dimension, FormattedTextControl, HSplit, Layout, Window
from prompt_toolkit.layout.processors import Processor, TabsProcessor, Transformation, TransformationInput
from prompt_toolkit.layout.utils import explode_text_fragments
from prompt_toolkit.styles import Style

from charrnn.cli.exit_codes import INTERRUPTED
from charrnn.cli.writing.saved_text import SavedText
from charrnn.errors import CharrnnError
from charrnn.generation.sampling import SamplingOptions
from charrnn.generation.session import Part, Session, part_of
from charrnn.text.characters.printable import quote
from charrnn.text.vocabulary import MAX_NAMED

KEYS = "^Q quit · → word · Enter line · ↓ other · Esc hide · ^Z undo"
TEMPERATURES, TOP_PS = (0.5, 0.8, 1.0, 1.2), (None, 0.95, 0.9, 0.8)
SAVE_SECONDS = 1.0
STYLE = Style.from_dict(  # italics and underlines too, for those without colours
    {"proposal": "ansibrightblack italic", "unknown": "ansired underline", "chosen": "bold", "status": "reverse"}
)


class Editor(Processor):
    """A text on the screen. The model and the disk have a thread of their own: a key never waits for them."""

    def __init__(
        self, session: Session, file: SavedText | None, seed: int, options: SamplingOptions, count: int, **streams: Any
    ) -> None:
        """`count`: how many proposals are listed. `streams`: input and output of a prompt_toolkit Application."""
        self.session, self.file, self.seed, self.options, self.count = session, file, seed, options, count
        self.proposals: list[str] = []
        self.number = 0  # of the proposal behind the cursor
        self._before = ""  # the text before the cursor that the proposals continue
        self._answer: asyncio.Task[None] | None = None  # the newest request to the model
        self._troubles: dict[object, str] = {}  # by what was tried
        self._thread = ThreadPoolExecutor(1)
        self.buffer = Buffer(document=Document(session.text), on_text_changed=lambda _: self.follow())
        control = BufferControl(self.buffer, [self, TabsProcessor(char1=" ", char2=" ")])
        listed, below = FormattedTextControl(self._list), FormattedTextControl(self.status)
        parts = [Window(control, wrap_lines=True, height=Dimension(min=1, preferred=1))]  # and whatever is left
        parts += [Window(listed, height=Dimension(max=count, preferred=count))] if count > 1 else []
        parts += [Window(below, wrap_lines=True, dont_extend_height=True, style="class:status")]
        self.application: Application[int] = Application(
            Layout(HSplit(parts)), STYLE, key_bindings=_keys(self), full_screen=True, **streams
        )
        self.application.ttimeoutlen = 0.05  # seconds until Esc is Esc, and not the beginning of an arrow key

    def run(self) -> int:
        """Let a person write. Returns the exit code; the text is in `session.text`. Raises OutputError if it could not
        be saved.
        """
        try:
            return self.application.run(pre_run=self._begin)
        finally:
            self._thread.shutdown(cancel_futures=True)
            self.session.text = self.text
            if self.file:
                self.file.save(self.text)

    @property
    def text(self) -> str:
        """The text; a byte from the terminal that is not UTF-8 is U+FFFD."""
        return self.buffer.text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")

    @property
    def proposal(self) -> str:
        """What is shown behind the cursor; "" if nothing is."""
        is_current = self._before == self.buffer.document.text_before_cursor
        return self.proposals[self.number] if is_current and self.proposals else ""

    def follow(self) -> None:
        """After a change of the text: keep the proposals that begin with what was typed, or ask for others."""
        before, then = self.buffer.document.text_before_cursor, self._before
        typed = before[len(then) :]
        shown = self.proposals[self.number] if self.proposals and before.startswith(then) else ""
        if shown.startswith(typed) and shown != typed:
            self.proposals = [p[len(typed) :] for p in self.proposals if p.startswith(typed) and p != typed]
            self._before, self.number = before, self.proposals.index(shown[len(typed) :])
        else:
            self.ask()

    def ask(self) -> None:
        """Ask the model for proposals at the cursor; they are shown when they are there."""
        if self._answer:
            self._answer.cancel()
        before = self.buffer.document.text_before_cursor
        self._before, self.session.text, self.proposals, self.number = before, before, [], 0
        self._answer = self.application.create_background_task(self._propose())

    def ask_again(self) -> None:
        """Show the next proposal, or ask for others with the next seeds."""
        if self.number + 1 < len(self.proposals):
            self.number += 1
        else:
            self.seed += self.count
            self.ask()

    def quit(self, code: int) -> None:
        """End with this exit code."""
        if not self.application.is_done:
            self.application.exit(result=code)

    def status(self) -> str:
        """What stands below the text."""
        unknown, top_p = self.session.unknown(self.buffer.document.current_line), self.options.top_p or 1
        parts = [
            *self._troubles.values(),
            f"unknown to the model: {quote(''.join(sorted(unknown)[:MAX_NAMED]))}" if unknown else "",
            f"^T temperature {self.options.temperature:g} · ^P top-p {top_p:g} · seed {self.seed}",
            f"{len(self.buffer.text):,} characters",
            str(self.file.path) if self.file else "not saved (-o)",
        ]
        return f" {' · '.join(filter(None, parts))}\n {KEYS}"

    def apply_transformation(self, transformation_input: TransformationInput) -> Transformation:
        """A line as it is drawn: with marks of what the model does not know, and the proposal at the cursor."""
        number, document = transformation_input.lineno, transformation_input.document
        fragments = explode_text_fragments(transformation_input.fragments)
        if unknown := self.session.unknown(document.lines[number]):
            fragments[:] = [("class:unknown" if text in unknown else style, text) for style, text, *_ in fragments]
        if number == document.cursor_position_row:
            here = slice(document.cursor_position_col, document.cursor_position_col)
            fragments[here] = [("class:proposal", _line(self.proposal))]
        return Transformation(fragments)

    def _begin(self) -> None:
        self.ask()
        self.application.create_background_task(self._save_now_and_then())

    async def _propose(self) -> None:
        found = await self._in_thread(self.session.propose, self.count, self.seed, self.options)
        self.proposals = [*filter(None, dict.fromkeys(found or ()))]

    async def _save_now_and_then(self) -> None:
        while self.file:
            await asyncio.sleep(SAVE_SECONDS)
            await self._in_thread(self.file.save, self.text)

    async def _in_thread(self, function: Callable[..., Any], *arguments: object) -> Any:
        """What the function returns; None after an error, which the status line shows."""
        trouble, found = "", None
        try:
            found = await asyncio.get_running_loop().run_in_executor(self._thread, function, *arguments)
        except CharrnnError as error:
            trouble = str(error)
        self._troubles[function] = trouble
        self.application.invalidate()
        return found

    def _list(self) -> StyleAndTextTuples:
        """The proposals, the one behind the cursor in bold."""
        shown = enumerate(self.proposals if self.proposal else [])
        return [("class:chosen" if n == self.number else "class:proposal", f"{n + 1} {_line(p)}\n") for n, p in shown]


def _line(proposal: str) -> str:
    """A proposal with its line break as a sign."""
    return proposal.replace("\n", "↵")


def _keys(editor: Editor) -> KeyBindings:
    keys, buffer, is_shown = KeyBindings(), editor.buffer, Condition(lambda: bool(editor.proposal))
    is_last_line = Condition(lambda: buffer.document.on_last_line)

    def bind(name: str, action: Callable[[], object], filter: Any = True, changes: bool = False) -> None:
        # Esc at once: not as the beginning of another key. What changes the text can be undone.
        keys.add(name, filter=filter, eager=name == "escape", save_before=lambda _: changes)(lambda _: action())

    def accept(part: Part) -> None:
        buffer.insert_text(part_of(editor.proposal, part))

    def change(name: str, values: tuple[Any, ...]) -> None:
        now = getattr(editor.options, name)
        following = values[(values.index(now) + 1) % len(values) if now in values else 0]
        editor.options = replace(editor.options, **{name: following})
        editor.ask()

    bind("right", lambda: accept("word"), is_shown, changes=True)
    bind("tab", lambda: accept("word"), is_shown, changes=True)
    bind("tab", editor.ask, ~is_shown)
    bind("enter", lambda: accept("line"), is_shown, changes=True)
    bind("enter", lambda: buffer.insert_text("\n"), ~is_shown, changes=True)
    bind("down", editor.ask_again, is_shown | is_last_line)
    bind("escape", lambda: editor.proposals.clear(), is_shown)
    bind("c-z", buffer.undo)
    bind("c-y", buffer.redo)
    bind("c-t", lambda: change("temperature", TEMPERATURES))
    bind("c-p", lambda: change("top_p", TOP_PS))
    bind("c-q", lambda: editor.quit(0))
    bind("c-c", lambda: editor.quit(INTERRUPTED))
    bind("<sigint>", lambda: editor.quit(INTERRUPTED))
    return keys
