"""The editor of `charrnn write`: the text, and behind the cursor in grey what the model would write next."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from prompt_toolkit.application import Application
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.document import Document
from prompt_toolkit.filters import Condition
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.layout import BufferControl, ConditionalContainer, FormattedTextControl, HSplit, Layout, Window
from prompt_toolkit.layout.processors import Processor, Transformation, TransformationInput
from prompt_toolkit.layout.utils import explode_text_fragments
from prompt_toolkit.styles import Style

from charrnn.cli.exit_codes import INTERRUPTED
from charrnn.cli.writing.saved_text import SavedText
from charrnn.cli.writing.writing_options import WritingOptions
from charrnn.errors import CharrnnError
from charrnn.generation.session import LINE, Part, Session, part_of
from charrnn.text.vocabulary import list_characters

KEYS = " ^Q quit · → word · Enter line · ↓ other · Esc hide · ^Z undo"
TEMPERATURES = (0.5, 0.8, 1.0, 1.2)
TOP_PS = (None, 0.95, 0.9, 0.8)
SAVE_SECONDS = 1.0  # between two looks at whether there is something to save
STYLE = Style.from_dict(  # italics and underlines too, for those without colours
    {"proposal": "ansibrightblack italic", "unknown": "ansired underline", "chosen": "bold", "status": "reverse"}
)


class Editor:
    """A text on the screen. Proposals are computed in a thread of their own: a key never waits for the model."""

    def __init__(self, session: Session, file: SavedText | None, options: WritingOptions, **streams: Any) -> None:
        """`streams`: the input and output of a prompt_toolkit Application."""
        self.session, self.file, self.options = session, file, options
        self.proposals: list[str] = []
        self.number = 0  # of the proposal that is shown
        self.trouble = ""
        self._request = 0  # the newest: older ones are not worth an answer
        self._before: str | None = None  # the text before the cursor that the proposals continue; None: they are hidden
        self._thread = ThreadPoolExecutor(1)
        self.buffer = Buffer(document=Document(session.text), on_text_changed=lambda _: self.follow())
        text = Window(BufferControl(self.buffer, [_Marks(self)]), wrap_lines=True)
        several = ConditionalContainer(
            Window(FormattedTextControl(self._list), height=options.count), Condition(lambda: options.count > 1)
        )
        lines = (Window(FormattedTextControl(line), height=1, style="class:status") for line in (self._status, KEYS))
        self.application: Application[int] = Application(
            Layout(HSplit([text, several, *lines])), STYLE, key_bindings=_keys(self), full_screen=True, **streams
        )
        self.application.ttimeoutlen = 0.05  # seconds until Esc is Esc, and not the beginning of an arrow key

    def run(self) -> int:
        """Let a person write. Returns the exit code. The text is then in `session.text`. Raises OutputError if it could
        not be saved.
        """
        try:
            return self.application.run(pre_run=self._begin)
        finally:
            self._thread.shutdown(cancel_futures=True)
            self.session.text = self.buffer.text
            if self.file:
                self.file.save(self.buffer.text)

    @property
    def proposal(self) -> str:
        """What is shown behind the cursor; "" if nothing is."""
        is_current = self._before == self.buffer.document.text_before_cursor
        return self.proposals[self.number] if is_current and self.proposals else ""

    def follow(self) -> None:
        """After a change of the text: keep the proposals that begin with what was typed, or ask for others."""
        before, then = self.buffer.document.text_before_cursor, self._before
        typed = before[len(then) :] if then is not None and before.startswith(then) else None
        if typed is not None and self.proposals and self._goes_on(self.proposals[self.number], typed):
            chosen = self.proposals[self.number]
            kept = [proposal for proposal in self.proposals if self._goes_on(proposal, typed)]
            self._before, self.number = before, kept.index(chosen)
            self.proposals = [proposal[len(typed) :] for proposal in kept]
        else:
            self.ask()

    @staticmethod
    def _goes_on(proposal: str, typed: str) -> bool:
        return proposal.startswith(typed) and len(proposal) > len(typed)

    def ask(self) -> None:
        """Ask the model for proposals at the cursor; they are shown when they are there."""
        self._request += 1
        self._before, self.proposals, self.number = self.buffer.document.text_before_cursor, [], 0
        if self.application.is_running:
            self.application.create_background_task(self._answer(self._request, self._before))

    def ask_again(self) -> None:
        """Show the next proposal, or ask for others with the next seeds."""
        if self.number + 1 < len(self.proposals):
            self.number += 1
        else:
            self.options.seed += self.options.count
            self.ask()

    def accept(self, part: Part) -> None:
        """Take the first word of the proposal, or its line."""
        self.buffer.insert_text(part_of(self.proposal, part))

    def hide(self) -> None:
        """Show no proposal until the text changes."""
        self._before = None

    def change(self, **filters: Any) -> None:
        """Ask again with other filters."""
        self.options.sampling = replace(self.options.sampling, **filters)
        self.ask()

    async def _answer(self, request: int, before: str) -> None:
        def compute() -> list[str]:
            if request != self._request:
                return []
            self.session.text = before
            options = self.options
            return self.session.propose(options.count, options.seed, options.sampling, options.length)

        try:
            found = await asyncio.get_running_loop().run_in_executor(self._thread, compute)
        except CharrnnError as error:
            self.trouble, found = str(error), []
        if request == self._request:
            self.proposals = [proposal for proposal in dict.fromkeys(found) if proposal]
            self.application.invalidate()

    def _begin(self) -> None:
        self.buffer.cursor_position = len(self.buffer.text)
        self.ask()
        self.application.create_background_task(self._save_now_and_then())

    async def _save_now_and_then(self) -> None:
        while self.file:
            await asyncio.sleep(SAVE_SECONDS)
            self.save()

    def quit(self, code: int) -> None:
        """End with this exit code."""
        if not self.application.is_done:
            self.application.exit(result=code)

    def save(self) -> None:
        """Save the text; say on the screen if that fails."""
        try:
            if self.file:
                self.file.save(self.buffer.text)
            self.trouble = ""
        except CharrnnError as error:
            self.trouble = str(error)
        self.application.invalidate()

    def _status(self) -> str:
        sampling, unknown = self.options.sampling, self.session.unknown(self.buffer.text)
        top_p = 1 if sampling.top_p is None else sampling.top_p
        parts = [
            self.trouble,
            f"^T temperature {sampling.temperature:g} · ^P top-p {top_p:g} · seed {self.options.seed}",
            f"{len(self.buffer.text):,} characters",
            f"unknown to the model: {list_characters(sorted(unknown))}" if unknown else "",
            str(self.file.path) if self.file else "not saved; -o FILE saves",
        ]
        return " " + " · ".join(filter(None, parts))

    def _list(self) -> StyleAndTextTuples:
        """The proposals, the one behind the cursor in bold."""
        shown = self.proposals if self.proposal else []
        return [
            ("class:chosen" if number == self.number else "class:proposal", f"{number + 1} {visible(line)}\n")
            for number, line in enumerate(shown)
        ]


class _Marks(Processor):
    """Marks the characters that the model does not know, and inserts the proposal at the cursor."""

    def __init__(self, editor: Editor) -> None:
        self._editor = editor

    def apply_transformation(self, transformation_input: TransformationInput) -> Transformation:
        """See prompt_toolkit; called for each line that is drawn."""
        editor, document = self._editor, transformation_input.document
        unknown = editor.session.unknown(document.lines[transformation_input.lineno])
        fragments: StyleAndTextTuples = [
            (f"{style} class:unknown" if text in unknown else style, text)
            for style, text, *_ in explode_text_fragments(transformation_input.fragments)
        ]
        shown = visible(editor.proposal) if transformation_input.lineno == document.cursor_position_row else ""
        column, width = document.cursor_position_col, len(shown)
        fragments[column:column] = [("class:proposal", shown)]
        return Transformation(
            fragments,
            source_to_display=lambda at: at + (width if at > column else 0),
            display_to_source=lambda at: min(at, max(column, at - width)),
        )


def visible(proposal: str) -> str:
    """A proposal in one line: its line break as a sign."""
    return proposal.replace(LINE, "↵")


def _keys(editor: Editor) -> KeyBindings:
    keys, is_shown = KeyBindings(), Condition(lambda: bool(editor.proposal))
    is_last_line = Condition(lambda: editor.buffer.document.on_last_line)

    def bind(*names: str, filter: Any = True, saves: bool = True) -> Any:
        def add(action: Any) -> None:
            for name in names:  # Esc, at once: not as the beginning of another key
                keys.add(name, filter=filter, eager=name == "escape", save_before=lambda _: saves)(lambda _: action())

        return add

    def next_of(values: tuple[Any, ...], now: Any) -> Any:
        return values[(values.index(now) + 1) % len(values) if now in values else 0]

    bind("right", "tab", filter=is_shown)(lambda: editor.accept("word"))
    bind("enter", filter=is_shown)(lambda: editor.accept("line"))
    bind("enter", filter=~is_shown)(lambda: editor.buffer.insert_text(LINE))
    bind("down", filter=is_shown | is_last_line, saves=False)(editor.ask_again)
    bind("tab", filter=~is_shown, saves=False)(editor.ask)
    bind("escape", filter=is_shown, saves=False)(editor.hide)
    bind("c-z", saves=False)(editor.buffer.undo)
    bind("c-y", saves=False)(editor.buffer.redo)
    bind("c-s", saves=False)(editor.save)
    bind("c-t", saves=False)(
        lambda: editor.change(temperature=next_of(TEMPERATURES, editor.options.sampling.temperature))
    )
    bind("c-p", saves=False)(lambda: editor.change(top_p=next_of(TOP_PS, editor.options.sampling.top_p)))
    bind("c-q", saves=False)(lambda: editor.quit(0))
    bind("c-c", "<sigint>", saves=False)(lambda: editor.quit(INTERRUPTED))
    return keys
