#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "weight_source.hpp"

// What a checkpoint's config.json and the shapes of its tensors say of the model. Sections are
// those of DeepSeek-OCR-2's specification in docs/deepseek.md.
namespace pecia::engine::deepseek {

/// Section 2: views of a page.
struct ImageConfig {
  int base_px = 1024;  ///< side of the global view
  int tile_px =
      768;  ///< side of a tile; pages no larger than this in both directions have no tiles
  int min_tiles = 2, max_tiles = 6;
  int pad_level = 127;           ///< grey of the global view's border: mean x 255, cut off
  double mean = 0.5, std = 0.5;  ///< of every channel: (value / 255 - mean) / std
};

/// Section 3.1.
struct SamConfig {
  int patch_px = 16;
  int channels = 3;
  int width = 768;
  int depth = 12;
  int heads = 12;
  int mlp = 3072;
  int window = 14;
  std::vector<int> global_blocks{2, 5, 8, 11};
  double layer_norm_eps = 1e-6;
  int neck = 256;          ///< channels
  int net_2 = 512;         ///< channels; net_3 has those of the encoder
  int position_grid = 64;  ///< of pos_embed
};

/// Section 3.2.
struct EncoderConfig {
  int width = 896;
  int layers = 24;
  int heads = 14;
  int kv_heads = 2;
  int ffn = 4864;
  double rope_theta = 1e6;
  double rms_norm_eps = 1e-6;
  int tile_queries = 144, base_queries = 256;
};

/// Section 4.
struct DecoderConfig {
  int width = 1280;
  int layers = 12;
  int heads = 10, kv_heads = 10;
  int head_dim = 128;
  int dense_ffn = 6848;
  int dense_layers = 1;  ///< the first ones
  int moe_ffn = 896;
  int experts = 64;
  int shared_experts = 2;  ///< one SwiGLU of shared_experts x moe_ffn
  int top_k = 6;
  bool norm_top_k = false;
  double routed_scale = 1;
  double rope_theta = 1e4;
  double rms_norm_eps = 1e-6;
  int vocabulary = 129280;
  int max_positions = 8192;
};

struct Config {
  ImageConfig image;
  SamConfig sam;
  EncoderConfig encoder;
  DecoderConfig decoder;
  int bos_id = 0, eos_id = 1, pad_id = 2, image_id = 128815;
};

/// The text of a config.json, its `language_config` before its top level. Where the published file
/// is wrong or silent (mlp_ratio, downsample_channels, position grid, query counts) the tensors'
/// shapes decide; without tensors, defaults of the published model do. `processor` is the text of
/// processor_config.json, or empty. `file` is for messages. Throws `Error` that names the key:
/// values that this engine does not implement, that are impossible, or do not fit each other.
[[nodiscard]] Config parse_config(std::string_view json, std::string_view processor,
                                  const std::vector<TensorInfo>& tensors, const std::string& file);
/// The same of config.json, and processor_config.json if it is there, in a folder.
[[nodiscard]] Config read_config(const std::filesystem::path& folder,
                                 const std::vector<TensorInfo>& tensors);

}  // namespace pecia::engine::deepseek
