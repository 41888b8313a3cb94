from typing import Any, NamedTuple

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined, select_autoescape


class MailBody(NamedTuple):
    """What a mail says, twice."""

    text: str
    html: str


class MailTemplates:
    """The templates in each `<package>/templates`: `{name}.txt.j2`, and `{name}.html.j2`, which is escaped.

    A value that a template names and nobody gives is an error, not an empty place.
    """

    def __init__(self, *packages: str) -> None:
        self._environment = Environment(
            loader=ChoiceLoader([PackageLoader(package, "templates") for package in packages]),
            autoescape=select_autoescape(enabled_extensions=("html.j2",), default_for_string=True),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            auto_reload=False,
        )

    def render(self, name: str, **values: Any) -> MailBody:
        """Fill both templates of a mail."""
        return MailBody(
            text=self._environment.get_template(f"{name}.txt.j2").render(values),
            html=self._environment.get_template(f"{name}.html.j2").render(values),
        )
