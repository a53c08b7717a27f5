#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <vector>

#include "config.hpp"
#include "math.hpp"
#include "probe.hpp"
#include "tensor_loader.hpp"

// Section 3.2: the Qwen2 body that turns the n tokens of a view into n others that a decoder reads
// in order. C: width, H: heads, K: heads of keys and values, d = C / H.
namespace pecia::engine::deepseek {

struct EncoderLayer {
  at::Tensor norm_1, norm_2;  // (C)
  at::Tensor qkv, qkv_bias;   // ((H + 2 K) d, C), ((H + 2 K) d)
  at::Tensor output;          // (C, C)
  at::Tensor gate, up, down;  // (ffn, C) twice, (C, ffn)
};

/// One of the two numbers of tokens that a view may have.
struct EncoderQueries {
  at::Tensor queries;  // (n, C)
  at::Tensor mask;     // (2 n, 2 n), added to the logits: see `mixed_mask`
  RopeTable rope;      // (2 n, d)
};

struct Encoder {
  EncoderConfig config;
  std::array<EncoderQueries, 2> queries;  // of the global view, of tiles
  std::vector<EncoderLayer> layers;
  at::Tensor norm;  // (C)
};

[[nodiscard]] Encoder load_encoder(TensorLoader& weights, const EncoderConfig& config);

/// image: (N, n, C). Result: (N, n, C): what the n queries became. Throws `Error` where there are
/// not n queries.
[[nodiscard]] at::Tensor run_encoder(const Encoder& encoder, const at::Tensor& image,
                                     const Probe& probe);

/// (2 n, 2 n) of 0 and minus infinity: image tokens see all image tokens and no query; queries see
/// all image tokens, themselves and the queries before them.
[[nodiscard]] at::Tensor mixed_mask(std::int64_t n, const at::TensorOptions& options);

}  // namespace pecia::engine::deepseek
