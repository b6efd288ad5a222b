"""Token ids as people read them.

A byte-level tokenizer (GPT-2, RoBERTa, ModernBERT, Llama 3) names a token by a letter for each of its bytes, so that
" 日本" is "ĠæĹ¥æľ¬". Here that is "Ġ日本". The marks of where a word begins or goes on (Ġ, ▁, ##) are left.
"""

PLAIN = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]  # bytes that are named by their own letter
OTHERS = [byte for byte in range(256) if byte not in PLAIN]  # by the letters from 256 on: the space by Ġ, \n by Ċ
LETTER = {byte: chr(byte) for byte in PLAIN} | {byte: chr(256 + i) for i, byte in enumerate(OTHERS)}
BYTE = {letter: byte for byte, letter in LETTER.items()}


def pieces_of(tokenizer, ids: list[int]) -> list[str]:
    """Each token as it can be read; the bytes of a part of a character as <0xE6>, which is how SentencePiece has it."""
    names = tokenizer.convert_ids_to_tokens(ids)
    if not is_byte_level(tokenizer):
        return names
    added = tokenizer.added_tokens_decoder  # special tokens and the like are named as they are written
    return [name if i in added else readable(name) for i, name in zip(ids, names, strict=True)]


def is_byte_level(tokenizer) -> bool:
    """Does a letter of a token's name stand for a byte?"""
    decoder = getattr(getattr(tokenizer, "backend_tokenizer", None), "decoder", None)
    return decoder is not None and b'"ByteLevel"' in decoder.__getstate__()


def readable(name: str) -> str:
    """A byte-level token's name with its characters in place of their bytes.

    White space and what has no shape of its own stay the letters that they are: a line break in a name breaks a line.
    """
    if not all(letter in BYTE for letter in name):  # not made of bytes
        return name
    text = bytes(BYTE[letter] for letter in name).decode("utf-8", "surrogateescape")
    return "".join(shown(char) for char in text)


def shown(char: str) -> str:
    """One character of a token; what was no whole one has come as half of a pair, 0xDC00 above its byte."""
    if 0xDC80 <= ord(char) <= 0xDCFF:
        return f"<0x{ord(char) - 0xDC00:02X}>"
    return char if char.isprintable() and char != " " else "".join(LETTER[byte] for byte in char.encode())
