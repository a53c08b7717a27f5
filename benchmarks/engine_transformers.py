"""DeepSeek-OCR-2 in the transformers library, on a checkpoint with the published tensor names: what bench_engine is
compared with. Reads PPM pages as left-padded batches, greedily, and prints one JSON line.

Needs a Python with torch, transformers (5.17 has `deepseek_ocr2`), tokenizers, safetensors, NumPy and Pillow before 13.
"""

import argparse
import json
import os
import pathlib
import tempfile
import time

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import numpy
import tokenizers
import torch
from PIL import Image, ImageOps
from safetensors import safe_open
from transformers import logging
from transformers.models.deepseek_ocr2.configuration_deepseek_ocr2 import DeepseekOcr2Config
from transformers.models.deepseek_ocr2.modeling_deepseek_ocr2 import DeepseekOcr2ForConditionalGeneration

PROMPTS = {"plain": "<image>\nFree OCR.",
           "grounding": "<image>\n<|grounding|>Convert the document to markdown."}


class Checkpoint:
    """config.json in the published layout, and the shapes of the tensors, which decide where it is wrong."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.tensors = {}
        for file in sorted(self.folder.glob("*.safetensors")):
            with safe_open(str(file), "pt") as opened:
                self.tensors.update({name: opened.get_tensor(name) for name in opened.keys()})
        config = json.loads((self.folder / "config.json").read_text())
        self.language = {**config, **config["language_config"]}
        self.vision = config["vision_config"]
        self.image_id = config.get("image_token_id", 128815)
        self.base_px = self.vision["image_size"]
        self.tile_px = self.vision.get("tile_size", 768)
        self.patch_px = self.vision.get("patch_size", 16)

    def rows(self, name, side=0):
        return self.tensors[name].shape[side]

    def queries(self, side_px):
        return (side_px // self.patch_px // 4) ** 2

    def transformers_config(self):
        sam, encoder = self.vision["width"]["sam_vit_b"], self.vision["width"]["qwen2-0-5b"]
        language, prefix = self.language, "model.sam_model."
        dense = next(n for n in range(99) if f"model.layers.{n}.mlp.gate.weight" in self.tensors)
        return DeepseekOcr2Config(
            image_token_id=self.image_id, tie_word_embeddings=False,
            vision_config={
                "sam_config": {
                    "hidden_size": sam["width"], "num_hidden_layers": sam["layers"], "num_attention_heads": sam["heads"],
                    "output_channels": self.rows(prefix + "neck.0.weight"), "image_size": self.base_px,
                    "patch_size": self.patch_px, "layer_norm_eps": 1e-6, "window_size": sam.get("window_size", 14),
                    "mlp_dim": self.rows(prefix + "blocks.0.mlp.lin1.weight"),
                    "global_attn_indexes": sam["global_attn_indexes"],
                    "downsample_channels": [self.rows(prefix + "net_2.weight"), self.rows(prefix + "net_3.weight")]},
                "encoder_config": {
                    "hidden_size": self.rows(prefix + "net_3.weight"), "num_hidden_layers": encoder.get("layers", 24),
                    "intermediate_size": self.rows("model.qwen2_model.model.model.layers.0.mlp.up_proj.weight"),
                    "num_attention_heads": encoder.get("heads", 14), "num_key_value_heads": encoder.get("kv_heads", 2),
                    "rms_norm_eps": encoder.get("rms_norm_eps", 1e-6),
                    "rope_parameters": {"rope_type": "default", "rope_theta": encoder.get("rope_theta", 1e6)}}},
            text_config={
                "vocab_size": language["vocab_size"], "hidden_size": language["hidden_size"],
                "intermediate_size": language["intermediate_size"], "num_hidden_layers": language["num_hidden_layers"],
                "num_attention_heads": language["num_attention_heads"],
                "num_key_value_heads": language["num_key_value_heads"],
                "max_position_embeddings": language["max_position_embeddings"],
                "rms_norm_eps": language.get("rms_norm_eps", 1e-6), "bos_token_id": language["bos_token_id"],
                "eos_token_id": language["eos_token_id"], "pad_token_id": None, "n_group": 1, "topk_group": 1,
                "n_routed_experts": language["n_routed_experts"], "n_shared_experts": language["n_shared_experts"],
                "num_experts_per_tok": language["num_experts_per_tok"],
                "moe_intermediate_size": language["moe_intermediate_size"],
                "routed_scaling_factor": language.get("routed_scaling_factor", 1.0), "topk_method": "greedy",
                "rope_parameters": {"rope_type": "default", "rope_theta": language.get("rope_theta", 1e4)},
                "mlp_layer_types": ["dense"] * dense + ["sparse"] * (language["num_hidden_layers"] - dense)})

    def model(self, dtype, attention):
        with tempfile.TemporaryDirectory() as folder:
            self.transformers_config().save_pretrained(folder)
            for file in self.folder.glob("*.safetensors*"):
                os.symlink(file.resolve(), pathlib.Path(folder) / file.name)
            model = DeepseekOcr2ForConditionalGeneration.from_pretrained(
                folder, dtype=dtype, attn_implementation=attention, ignore_mismatched_sizes=True)
        tower = model.model.vision_tower
        tables = {self.queries(px): self.tensors[f"model.qwen2_model.query_{name}.weight"].to(dtype)
                  for px, name in ((self.tile_px, 768), (self.base_px, 1024))}
        if set(tables) != {144, 256}:  # the library knows the published sizes alone
            seen = []
            table = type("Table", (torch.nn.Module,), {"weight": property(lambda _: tables[seen[-1]])})
            tower.query_768_resolution = tower.query_1024_resolution = table()
            tower.sam_encoder.register_forward_hook(
                lambda _module, _inputs, out: seen.append(out.last_hidden_state.flatten(2).shape[2]))
        return model.eval()


def grid_of(width, height, tile_px):
    if width <= tile_px and height <= tile_px:
        return 1, 1
    best, least = (1, 1), float("inf")
    grids = [(columns, rows) for columns in range(1, 7) for rows in range(1, 7) if 2 <= columns * rows <= 6]
    for columns, rows in sorted(grids, key=lambda grid: grid[0] * grid[1]):
        distance = abs(width / height - columns / rows)
        if distance < least:
            best, least = (columns, rows), distance
        elif distance == least and width * height > 0.5 * tile_px ** 2 * columns * rows:
            best = (columns, rows)
    return best


def pixels(image):
    levels = numpy.asarray(image).astype(numpy.float32).transpose(2, 0, 1) / numpy.float32(255)
    return (levels - numpy.float32(0.5)) / numpy.float32(0.5)


def views(image, checkpoint):
    tile = checkpoint.tile_px
    columns, rows = grid_of(*image.size, tile)
    tiles = []
    if columns * rows > 1:
        stretched = image.resize((columns * tile, rows * tile))
        tiles = [stretched.crop((x * tile, y * tile, (x + 1) * tile, (y + 1) * tile))
                 for y in range(rows) for x in range(columns)]
    whole = ImageOps.pad(image, (checkpoint.base_px,) * 2, color=(127,) * 3)
    return [pixels(view) for view in tiles], pixels(whole)


def read_batch(model, checkpoint, tokenizer, pages, prompt, most):
    """Ids of each page, ended by the end-of-text id or after `most`."""
    prepared = [views(page, checkpoint) for page in pages]
    text = tokenizer.encode(PROMPTS[prompt].split("<image>")[1], add_special_tokens=False).ids
    base, tile = checkpoint.queries(checkpoint.base_px), checkpoint.queries(checkpoint.tile_px)
    prompts = [[checkpoint.language["bos_token_id"]] + [checkpoint.image_id] * (base + 1 + tile * len(tiles)) + text
               for tiles, _ in prepared]
    longest = max(map(len, prompts))
    ids = torch.zeros((len(pages), longest), dtype=torch.long)
    mask = torch.zeros_like(ids)
    for row, one in enumerate(prompts):
        ids[row, longest - len(one):] = torch.tensor(one)
        mask[row, longest - len(one):] = 1
    arguments = {"pixel_values": torch.from_numpy(numpy.stack([whole for _, whole in prepared])).to(model.dtype)}
    tiles = [tile for some, _ in prepared for tile in some]
    if tiles:
        arguments["pixel_values_local"] = torch.from_numpy(numpy.stack(tiles)).to(model.dtype)
        arguments["num_local_patches"] = [len(some) for some, _ in prepared]
    positions = (mask.cumsum(-1) - 1).clamp(min=0)
    eos = checkpoint.language["eos_token_id"]
    answers, open_rows = [[] for _ in pages], set(range(len(pages)))
    out = model(input_ids=ids, attention_mask=mask, position_ids=positions, use_cache=True, **arguments)
    for _ in range(most):
        chosen = out.logits[:, -1].argmax(-1)
        for row in list(open_rows):
            answers[row].append(int(chosen[row]))
            if answers[row][-1] == eos:
                open_rows.discard(row)
        if not open_rows:
            break
        mask = torch.cat([mask, torch.ones((len(pages), 1), dtype=torch.long)], 1)
        positions = positions[:, -1:] + 1
        out = model(input_ids=chosen[:, None], attention_mask=mask, position_ids=positions,
                    past_key_values=out.past_key_values, use_cache=True)
    return answers


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", required=True, type=pathlib.Path)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--prompt", choices=PROMPTS, default="grounding")
    parser.add_argument("--dtype", choices=["fp32", "bf16"], default="fp32")
    parser.add_argument("--attention", choices=["sdpa", "eager"], default="sdpa")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--max-new-tokens", type=int, default=512)
    parser.add_argument("--repeat", type=int, default=1, help="read the pages so many times over")
    parser.add_argument("pages", nargs="+", type=pathlib.Path, help="PPM files")
    options = parser.parse_args()
    logging.set_verbosity_error()
    torch.set_num_threads(options.threads)

    began = time.perf_counter()
    checkpoint = Checkpoint(options.weights)
    model = checkpoint.model({"fp32": torch.float32, "bf16": torch.bfloat16}[options.dtype], options.attention)
    tokenizer = tokenizers.Tokenizer.from_file(str(options.weights / "tokenizer.json"))
    load_s = time.perf_counter() - began

    pages = [Image.open(file).convert("RGB") for file in options.pages] * options.repeat
    began = time.perf_counter()
    answers = []
    with torch.inference_mode():
        for at in range(0, len(pages), options.batch):
            answers += read_batch(model, checkpoint, tokenizer, pages[at:at + options.batch], options.prompt,
                                  options.max_new_tokens)
    seconds = time.perf_counter() - began
    print(json.dumps({"load_s": load_s, "seconds": seconds, "pages": len(pages), "tokens": sum(map(len, answers)),
                      "ids": answers[:len(options.pages)], "torch": torch.__version__}))


if __name__ == "__main__":
    main()
