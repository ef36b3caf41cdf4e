"""A form over a view: what to order, its fields, and why it was refused."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Button, Input, Label, Select, Static

from groundstation.terminal.fields import Field, FieldError, hint, values
from specs.escape import escaped

Kinds = dict[str, tuple[str, list[Field]]]  # by name: what it does, its own fields
Submit = Callable[[str, dict[str, Any], dict[str, Any]], Awaitable[str]]


class Body(VerticalScroll, can_focus=False):
    """What a form has; a field that comes into focus is scrolled to."""


class Form(ModalScreen[None]):
    """A choice of kinds with their fields, below the fields that all of them have.

    submit: gets the kind, the values of the common fields and those of its own; returns why it was refused, or "".
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "Leave"),
        Binding("ctrl+s", "send", "Send"),
    ]

    def __init__(self, title: str, kinds: Kinds, submit: Submit, common: Sequence[Field] = ()) -> None:
        super().__init__()
        self._title, self._kinds, self._submit, self._common = title, kinds, submit, list(common)
        self._is_sent = False  # and not answered yet

    def compose(self) -> ComposeResult:
        names = list(self._kinds)
        with Body(classes="dialog"):
            yield Static(Text(escaped(self._title)), classes="title")
            if len(names) > 1:
                options = [(name.replace("_", " "), name) for name in names]
                yield Select(options, value=names[0], allow_blank=False, id="kind", compact=True)
            yield Static(id="means", classes="said")
            yield from (_row(field) for field in self._common)
            yield Vertical(id="own")
            yield Static(id="refused", classes="bad")
            with Horizontal(id="buttons"):
                yield Button("Send", id="send", variant="primary", compact=True)
                yield Label("Enter in a field sends too. Tab goes on, Escape leaves.", classes="said")

    async def on_mount(self) -> None:
        await self._choose(next(iter(self._kinds)))

    @property
    def kind(self) -> str:
        found = self.query("#kind").results(Select)
        return str(next((select.value for select in found), next(iter(self._kinds))))

    async def on_select_changed(self, event: Select.Changed) -> None:
        if event.select.id == "kind":
            await self._choose(self.kind)

    async def _choose(self, kind: str) -> None:
        means, fields = self._kinds[kind]
        self.query_one("#means", Static).update(Text(escaped(means.replace("`", ""))))
        own = self.query_one("#own", Vertical)
        await own.remove_children()
        await own.mount_all([_row(field) for field in fields])

    def on_input_submitted(self) -> None:
        self.action_send()

    def on_button_pressed(self) -> None:
        self.action_send()

    def action_send(self) -> None:
        """Send what was typed, unless it is wrong or an answer is still awaited."""
        if self._is_sent:
            return
        typed = {widget.name or "": str(widget.value) for widget in self.query(".typed").results(Input)}
        typed |= {widget.name or "": str(widget.value) for widget in self.query(".chosen").results(Select)}
        try:
            common, own = values(self._common, typed), values(self._kinds[self.kind][1], typed)
        except FieldError as error:
            self._refuse(str(error))
            return
        self._is_sent = True
        self.run_worker(self._send(common, own))

    async def _send(self, common: dict[str, Any], own: dict[str, Any]) -> None:
        reason = await self._submit(self.kind, common, own)
        self._is_sent = False
        if reason:
            self._refuse(reason)
        elif self.is_current:
            self.dismiss()

    def _refuse(self, reason: str) -> None:
        line = self.query_one("#refused", Static)
        line.update(Text(escaped(reason)))
        line.display = True
        line.scroll_visible(animate=False)


def _row(field: Field) -> Widget:
    """Label, input and hint of a field."""
    name = str(field["name"])
    label = name.replace("_", " ") + (" *" if field["required"] else "")
    typed: Widget
    if field["input"] == "choice":
        options = [(str(each), str(each)) for each in field["choices"]]
        first = str(field["default"]) if field.get("default") in field["choices"] else options[0][1]
        typed = Select(options, value=first, allow_blank=False, name=name, classes="chosen", compact=True)
    else:
        typed = Input(value=str(field.get("value", "")), name=name, classes="typed", compact=True)
    return Vertical(Horizontal(Label(label, classes="label"), typed), Label(hint(field), classes="hint"), classes="row")
