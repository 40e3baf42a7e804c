"""A folder that Hugging Face's ``transformers`` loads as it is: a Mistral, whose window of context slides like ours."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from safetensors.torch import save_file
from torch import Tensor

from school.bodies.body import Body, Speech
from school.bodies.others.letters import NAMES, PAD, chat_template, hugging_face_json, special, unsaid
from school.bodies.others.plain import THETA, Plain
from school.texts.tokenizer import DOCUMENT, END, Tokenizer

PLACES = 32_768  # that its programs make ready for; with a sliding window there is no last one
NAMED = {
    "attention_norm": "input_layernorm",
    "queries": "self_attn.q_proj",
    "keys": "self_attn.k_proj",
    "values": "self_attn.v_proj",
    "attended": "self_attn.o_proj",
    "feed_norm": "post_attention_layernorm",
    "gate": "mlp.gate_proj",
    "content": "mlp.up_proj",
    "fed": "mlp.down_proj",
}


def write_hugging_face(plain: Plain, body: Body, folder: Path) -> None:
    """Raises OSError."""
    tokenizer = Tokenizer.from_json(body.tokenizer)
    save_file(_tensors(plain), folder / "model.safetensors", {"format": "pt"})
    (folder / "tokenizer.json").write_text(hugging_face_json(tokenizer), encoding="utf-8")
    for name, said in (
        ("config.json", _config(plain, tokenizer)),
        ("generation_config.json", _generation(body.speech, tokenizer)),
        ("tokenizer_config.json", _tokenizer_config(tokenizer)),
    ):
        (folder / name).write_text(json.dumps(said, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _tensors(plain: Plain) -> dict[str, Tensor]:
    found = {
        "model.embed_tokens.weight": plain.tokens,
        "model.norm.weight": plain.norm,
        "lm_head.weight": plain.speak,
    }
    for number, layer in enumerate(plain.layers):
        found |= {f"model.layers.{number}.{name}.weight": getattr(layer, ours) for ours, name in NAMED.items()}
    return {name: tensor.contiguous().clone() for name, tensor in found.items()}


def _config(plain: Plain, tokenizer: Tokenizer) -> dict[str, Any]:
    return {
        "architectures": ["MistralForCausalLM"],
        "model_type": "mistral",
        "vocab_size": len(plain.tokens),
        "hidden_size": plain.width,
        "intermediate_size": plain.hidden_width,
        "num_hidden_layers": len(plain.layers),
        "num_attention_heads": plain.heads,
        "num_key_value_heads": plain.key_heads,
        "head_dim": plain.width // plain.heads,
        "hidden_act": "silu",
        "max_position_embeddings": PLACES,
        "sliding_window": plain.places,
        "rms_norm_eps": plain.epsilon,
        "rope_theta": THETA,  # older programs look here,
        "rope_parameters": {"rope_type": "default", "rope_theta": THETA},  # and newer ones here
        "tie_word_embeddings": False,
        "attention_dropout": 0.0,
        "use_cache": True,
        "torch_dtype": "float32",
        **special(tokenizer),
    }


def _generation(speech: Speech, tokenizer: Tokenizer) -> dict[str, Any]:
    """As it speaks at home, but for what others don't have: guidance, and its own kind of penalty."""
    said: dict[str, Any] = {"do_sample": speech.temperature > 0, "max_new_tokens": speech.max_tokens}
    if speech.temperature:
        warm = speech.temperature * speech.calibration
        said |= {"temperature": warm, "top_k": speech.top_k, "top_p": speech.top_p}
    return said | {"suppress_tokens": unsaid(tokenizer), **special(tokenizer)}


def _tokenizer_config(tokenizer: Tokenizer) -> dict[str, Any]:
    said = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": NAMES[DOCUMENT],
        "pad_token": NAMES[PAD],
        "clean_up_tokenization_spaces": False,
        "chat_template": chat_template(tokenizer),
    }
    return said | ({} if tokenizer.by_letter else {"eos_token": NAMES[END]})
