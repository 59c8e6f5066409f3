"""The base of every contract that crosses a process: named, versioned, validated."""

from typing import ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field

from detector.json_text import read_json


class ContractError(ValueError):
    """A document does not follow its contract; the message says which, and what to do."""


class Part(BaseModel):
    """A piece of a contract: immutable. Unknown fields are ignored: a newer writer is readable."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Contract(Part):
    """A document with a schema tag such as ``aidetect.manifest/1``.

    Compatibility rule: within one major version fields are only ever *added*, with a default.
    A reader therefore accepts any document of its own major version, and refuses others.
    """

    SCHEMA: ClassVar[str]

    schema_tag: str = Field(alias="schema", default="")

    model_config = ConfigDict(
        frozen=True, extra="ignore", populate_by_name=True, serialize_by_alias=True
    )

    def model_post_init(self, _context: object) -> None:
        """Stamp a new document; refuse one of another schema or major version."""
        if not self.schema_tag:
            object.__setattr__(self, "schema_tag", self.SCHEMA)
        elif self.schema_tag != self.SCHEMA:
            raise ValueError(
                f"expected a document of schema {self.SCHEMA!r} but found {self.schema_tag!r}: "
                "reader and writer are of different major versions; deploy the same version of both"
            )

    @classmethod
    def parse(cls, text: str | bytes, *, where: str = "document") -> Self:
        """Read a document from JSON.

        Parameters
        ----------
        text
            The JSON text.
        where
            What is being read, for the error message (a URI or a file name).

        Raises
        ------
        ContractError
            If the text is not JSON, lacks a field, or has another schema.
        """
        try:
            document = read_json(text)
            if isinstance(document, dict) and not document.get("schema"):
                raise ContractError(f"{where} has no 'schema' field; expected {cls.SCHEMA!r}")
            return cls.model_validate(document)
        except ContractError:
            raise
        except ValueError as error:
            raise ContractError(f"{where} is not a valid {cls.SCHEMA}: {error}") from error

    def dumps(self) -> str:
        """Return the document as one line of JSON, fields in declaration order."""
        return self.model_dump_json()
