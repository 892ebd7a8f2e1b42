"""A type's serialization strategy as the codec of its values."""

from __future__ import annotations

from collections.abc import Sequence
from io import BufferedIOBase, BytesIO, TextIOWrapper
from typing import Any, BinaryIO, Final, cast

from dagsterlite.types.serialization import JsonSerializationStrategy, SerializationStrategy
from dagsterlite_fsspec.codecs import Codec, Part


def is_strategy(codec: str) -> bool:
    """Return whether a codec of that name is some type's strategy."""
    return codec.startswith("strategy:")


class StrategyCodec(Codec):
    """Writes and reads values as the strategy does; text is kept in UTF-8."""

    def __init__(self, strategy: SerializationStrategy) -> None:
        self._strategy = strategy

    @property
    def name(self) -> str:
        return self._strategy.codec_name

    def encode(self, value: Any) -> Sequence[Part]:
        stored = BytesIO()
        if self._strategy.is_binary:
            self._strategy.serialize(value, stored)
            return [stored.getvalue()]
        text = TextIOWrapper(stored, encoding="utf-8")
        self._strategy.serialize(value, text)
        text.detach()
        return [stored.getvalue()]

    def decode(self, stream: BufferedIOBase) -> Any:
        if self._strategy.is_binary:
            return self._strategy.deserialize(stream)
        text = TextIOWrapper(cast(BinaryIO, stream), encoding="utf-8")
        try:
            return self._strategy.deserialize(text)
        finally:
            # Whoever opened the stream closes it.
            text.detach()


JSON: Final = StrategyCodec(JsonSerializationStrategy())
