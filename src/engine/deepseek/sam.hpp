#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "config.hpp"
#include "probe.hpp"
#include "tensor_loader.hpp"

// Section 3.1: the SAM ViT and what follows it down to one token for 4 x 4 patches. All activations
// have their channels last. N: views, G: patches a side (64 or 48), C: width, H: heads, d = C / H.
namespace pecia::engine::deepseek {

struct LayerNorm {
  at::Tensor weight, bias;  // (C)
};
struct Linear {
  at::Tensor weight, bias;  // (out, in), (out); convolutions: in = kernel rows x columns x channels
};

struct SamBlock {
  LayerNorm norm_1, norm_2;
  Linear qkv;           // (3 C, C): q, k, v; in each head after head
  Linear projection;    // (C, C)
  Linear mlp_1, mlp_2;  // (mlp, C), (C, mlp)
  bool global = false;  // attends to the whole view, not within windows
  // What a query is multiplied with for the relative positions along rows, then columns, of what it
  // attends to, of side g: (2 (2 g - 1), d), from the key farthest behind to the one farthest
  // ahead. Global: one for each of Sam::grids; windowed: one.
  std::vector<at::Tensor> relative;
};

/// What attention within g x g tokens and its positions need, made once.
struct SamGrid {
  std::int64_t side = 0;
  at::Tensor
      places;  // (g^2, p): row and column of each token, each as a one of g; p: 2 g, rounded up
  at::Tensor positions;  // (g, g, C), added to the patches; none for a window
};

struct Sam {
  SamConfig config;
  at::Tensor levels;             // (256): what the network sees of each level of a pixel
  Linear patch;                  // (C, patch^2 x 3)
  std::array<SamGrid, 2> grids;  // of the global view, of tiles
  SamGrid window;
  std::vector<SamBlock> blocks;
  at::Tensor neck_1, neck_2;  // (neck, C), (neck, 9 neck)
  LayerNorm neck_norm_1, neck_norm_2;
  at::Tensor net_2, net_3;  // (net_2, 9 neck), (encoder width, 9 net_2)
};

[[nodiscard]] Sam load_sam(TensorLoader& weights, const SamConfig& config,
                           const ImageConfig& image);

/// views: (N, S, S, 3) uint8 on the weights' device, S a multiple of 4 patches that `grids` have.
/// Result: (N, (G / 4)^2, encoder width), row by row.
[[nodiscard]] at::Tensor run_sam(const Sam& sam, const at::Tensor& views, const Probe& probe);

/// Attention of every token to every one of its g x g neighbours with decomposed relative
/// positions. qkv: (..., g, g, 3, H, d), any strides. Result: (B, g^2, H, d), B the product of
/// what leads.
///
/// logits = q k / sqrt(d) + row bias(q, row of k) + column bias(q, column of k). The biases enter
/// as 2 g more dimensions of the heads: the query carries its bias for each row and column, the key
/// a one at its own. So no B x H x g^2 x g^2 is ever made: fused kernels do without, and the
/// memory is 3 B g^2 H (d + 2 g) elements and their work space.
[[nodiscard]] at::Tensor attend(const at::Tensor& qkv, const at::Tensor& relative,
                                const at::Tensor& places);

/// `SamBlock::relative` of tables as the checkpoint has them, (any odd number, d) each.
[[nodiscard]] at::Tensor make_relative(const at::Tensor& rows, const at::Tensor& columns,
                                       std::int64_t side);
/// `SamGrid::places`.
[[nodiscard]] at::Tensor make_places(std::int64_t side, const at::TensorOptions& options);
/// A table of relative positions for a side of g tokens, (2 g - 1, d), interpolated linearly if it
/// has other rows. As the checkpoint has it: from the key farthest ahead to the one farthest
/// behind.
[[nodiscard]] at::Tensor fit_relative(const at::Tensor& table, std::int64_t side);
/// (1, g, g, C) -> (side, side, C), bicubic with antialiasing, in fp32, if g is not `side`.
[[nodiscard]] at::Tensor fit_positions(const at::Tensor& positions, std::int64_t side);

}  // namespace pecia::engine::deepseek
