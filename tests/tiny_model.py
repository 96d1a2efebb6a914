"""A causal language model with random weights and a byte-level tokenizer, made in a second. It babbles
in words of a few letters, so that its text streams."""

from __future__ import annotations

from pathlib import Path

TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def make_tiny_model(folder: Path, *, reads: int = 4096, template: str | None = TEMPLATE) -> Path:
    """Write the model to ``folder`` in Hugging Face form and return it. It reads ``reads`` tokens."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    special = ["<|im_start|>", "<|im_end|>"]
    tokenizer = Tokenizer(models.BPE(vocab={c: i for i, c in enumerate(alphabet)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(special)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<|im_start|>", eos_token="<|im_end|>", pad_token="<|im_end|>"
    )
    fast.chat_template = template
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(alphabet) + len(special),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=reads,
        bos_token_id=len(alphabet),
        eos_token_id=len(alphabet) + 1,
        pad_token_id=len(alphabet) + 1,
    )
    model = LlamaForCausalLM(config)
    wanted = {alphabet.index(character) for character in "Ġa"}  # Ġ is the space
    model.generation_config.suppress_tokens = [i for i in range(len(alphabet) + len(special)) if i not in wanted]
    model.generation_config.no_repeat_ngram_size = 9
    model.save_pretrained(folder)
    fast.save_pretrained(folder)
    return folder
