"""A GGUF file, as llama.cpp and what is built on it read it; written by the package ``gguf``, loaded only here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from school.bodies.body import Body
from school.bodies.others.letters import chat_template, merges_of, names_of, special
from school.bodies.others.plain import THETA, Plain
from school.office.mistakes import Mistake
from school.texts.tokenizer import MARK_COUNT, Tokenizer

if TYPE_CHECKING:
    from gguf import GGUFWriter

NAMED = {
    "attention_norm": "attn_norm",
    "queries": "attn_q",
    "keys": "attn_k",
    "values": "attn_v",
    "attended": "attn_output",
    "feed_norm": "ffn_norm",
    "gate": "ffn_gate",
    "content": "ffn_up",
    "fed": "ffn_down",
}


def write_gguf(plain: Plain, body: Body, folder: Path) -> None:
    """Raises OSError, or Mistake for what that format can't hold, or where the package is missing."""
    try:
        from gguf import GGUFWriter
    except ImportError:
        raise Mistake("this needs one more package: .venv/bin/python -m pip install gguf") from None
    tokenizer = Tokenizer.from_json(body.tokenizer)
    if tokenizer.by_letter:
        raise Mistake("its tokens are characters, and that format wants bytes; export it with --dubrovsky.")
    writer = GGUFWriter(folder / "model.gguf", "llama")
    writer.add_description("; ".join(body.card.lines()))
    _shape(writer, plain)
    _letters(writer, tokenizer)
    plain = plain.with_neighbours()
    tensors = {"token_embd": plain.tokens, "output_norm": plain.norm, "output": plain.speak}
    for number, layer in enumerate(plain.layers):
        tensors |= {f"blk.{number}.{name}": getattr(layer, ours) for ours, name in NAMED.items()}
    for name, tensor in tensors.items():
        writer.add_tensor(f"{name}.weight", tensor.contiguous().numpy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _shape(writer: GGUFWriter, plain: Plain) -> None:
    writer.add_context_length(plain.places)
    writer.add_embedding_length(plain.width)
    writer.add_block_count(len(plain.layers))
    writer.add_feed_forward_length(plain.hidden_width)
    writer.add_head_count(plain.heads)
    writer.add_head_count_kv(plain.key_heads)
    writer.add_layer_norm_rms_eps(plain.epsilon)
    writer.add_rope_dimension_count(plain.width // plain.heads)
    writer.add_rope_freq_base(THETA)
    writer.add_vocab_size(len(plain.tokens))
    writer.add_file_type(0)  # all of it float32


def _letters(writer: GGUFWriter, tokenizer: Tokenizer) -> None:
    from gguf import TokenType

    names, ids = names_of(tokenizer), special(tokenizer)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(names)
    writer.add_token_types([TokenType.CONTROL] * MARK_COUNT + [TokenType.NORMAL] * (len(names) - MARK_COUNT))
    writer.add_token_merges([" ".join(pair) for pair in merges_of(tokenizer)])
    writer.add_bos_token_id(ids["bos_token_id"])
    writer.add_eos_token_id(ids["eos_token_id"])
    writer.add_pad_token_id(ids["pad_token_id"])
    writer.add_add_bos_token(False)
    writer.add_chat_template(chat_template(tokenizer))
