"""What is exported, read by the programs that it is for, where they are installed (`make lab`)."""

from __future__ import annotations

import random
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch

from school.bodies.body import Body
from school.bodies.compact import brain_of
from school.bodies.others.gguf_file import write_gguf
from school.bodies.others.hugging_face import write_hugging_face
from school.bodies.others.plain import plain_of
from school.texts.tokenizer import BABY, PERSON, Tokenizer

TEXT = "the cat sat on the mat and looked at the rain. who ate the bread? " * 3


def in_transformers(body: Body, folder: Path):
    """The tokenizer and the model, as that package loads them. Skips where it isn't installed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of that package and what it needs
        transformers = pytest.importorskip("transformers", reason="transformers is not installed (make lab)")
        write_hugging_face(plain_of(body), body, folder)
        return (
            kind.from_pretrained(folder) for kind in (transformers.AutoTokenizer, transformers.AutoModelForCausalLM)
        )


def some_text(rng: random.Random) -> str:
    kinds = (
        lambda: rng.choices("the cat's mat é'  \n\t", k=40),
        lambda: map(chr, rng.choices([*range(0xD800), *range(0xE000, 0x10000)], k=20)),
        lambda: map(chr, rng.choices([*range(0x20, 0x7F), *range(0x1F300, 0x1F700)], k=30)),
        lambda: rng.choices(["soup", "'ll", " ", "42", "\n", "<", "|", "猫が好き", "Ⅷ", "\u00a0"], k=20),
    )
    return "".join(rng.choice(kinds)())


@pytest.mark.trial
@pytest.mark.parametrize("name", ["llama", "by_letter"])
def test_transformers(name, request, tmp_path):
    """Loads it as it is: the same ids of 1,000 strings, the same logits beyond its window, the same turns."""
    body = request.getfixturevalue(name)
    theirs, model = in_transformers(body, tmp_path)
    ours, rng = Tokenizer.from_json(body.tokenizer), random.Random(1)
    for text in ["", *(some_text(rng) for _ in range(1000))]:
        assert theirs(text)["input_ids"] == ours.encode(text), repr(text)
    ids = torch.tensor([ours.turn(PERSON, ours.encode(TEXT))])
    assert ids.shape[1] > 2 * body.config["context"]
    brain = brain_of(body, ours)
    wanted = brain(ids, torch.full((*ids.shape, 3), 0.5), brain.fresh_state(1)).logits
    with torch.no_grad():
        torch.testing.assert_close(model(ids).logits, wanted, atol=1e-4, rtol=0)
    talk = [{"role": "user", "content": "who ate\nthe bread?"}, {"role": "assistant", "content": "nobody knows."}]
    read = theirs.apply_chat_template([*talk, talk[0]], add_generation_prompt=True, return_dict=True)["input_ids"]
    asked, answer = (ours.encode(turn["content"]) for turn in talk)
    assert read == [*ours.turn(PERSON, asked), *ours.turn(BABY, answer), *ours.turn(PERSON, asked), *ours.mark(BABY)]
    assert theirs.decode(ours.encode(TEXT)) == TEXT
    said = model.generate(torch.tensor([read]), max_new_tokens=30)[0, len(read) :].tolist()
    assert all(token >= 8 or token == ours.end for token in said)


def test_gguf(llama, tmp_path):
    """Its own reader finds the tables, the pieces and the widths."""
    gguf = pytest.importorskip("gguf", reason="gguf is not installed (make lab)")
    write_gguf(plain_of(llama), llama, tmp_path)
    reader = gguf.GGUFReader(tmp_path / "model.gguf")
    plain = plain_of(llama).with_neighbours()
    tensors = {tensor.name: tensor.data for tensor in reader.tensors}
    np.testing.assert_array_equal(tensors["blk.1.attn_k.weight"], plain.layers[1].keys.numpy())
    np.testing.assert_array_equal(tensors["token_embd.weight"], plain.tokens.numpy())
    assert len(tensors) == 3 + 9 * len(plain.layers)
    field = lambda name: reader.get_field(name).contents()  # noqa: E731
    assert field("llama.context_length") == llama.config["context"] + 1
    assert field("tokenizer.ggml.tokens")[:3] == ["<|document|>", "<|person|>", "<|baby|>"]
    assert len(field("tokenizer.ggml.tokens")) == len(plain.tokens)


def test_llama_cpp(llama, tmp_path):
    """Where it is built: the same ids and, within its window, the same logits."""
    llama_cpp = pytest.importorskip("llama_cpp", reason="llama-cpp-python is not installed")
    pytest.importorskip("gguf", reason="gguf is not installed (make lab)")
    write_gguf(plain_of(llama), llama, tmp_path)
    exact = {"type_k": 0, "type_v": 0, "flash_attn": False}  # keys and values are kept in 32 bits, too
    how = {"n_ctx": 41, "n_threads": 1, "logits_all": True, "verbose": False}
    model = llama_cpp.Llama(str(tmp_path / "model.gguf"), **how, **exact)
    ours = Tokenizer.from_json(llama.tokenizer)
    text = "the cat sat on the mat"
    ids = ours.encode(text)
    assert model.tokenize(text.encode(), add_bos=False) == ids
    model.eval(ids)
    brain = brain_of(llama, ours)
    tokens = torch.tensor([ids])
    wanted = brain(tokens, torch.full((*tokens.shape, 3), 0.5), brain.fresh_state(1)).logits[0].numpy()
    np.testing.assert_allclose(model.scores[: len(ids)], wanted, atol=1e-4)
    model.close()
