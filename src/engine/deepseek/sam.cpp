#include "sam.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/_upsample_bicubic2d_aa.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/scaled_dot_product_attention.h>
#include <ATen/ops/upsample_linear1d.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>

#include "math.hpp"
#include "views.hpp"
#include "pecia/base/error.hpp"

namespace pecia::engine::deepseek {
namespace {

constexpr std::int64_t head_multiple = 8;  // of 16-bit elements, which fused kernels ask for

at::Tensor normalised(const at::Tensor& x, const LayerNorm& norm, double eps) {
  return at::layer_norm(x, norm.weight.sizes(), norm.weight, norm.bias, eps,
                        /*cudnn_enable=*/false);
}

at::Tensor apply(const at::Tensor& x, const Linear& linear) {
  return apply_linear(x, linear.weight, linear.bias);
}

/// x: (N, G, G, C) with a border of zeros of one, taken 3 x 3 at a time, times weight: (out, 9 C).
/// A convolution as a matrix product: no algorithm is chosen by the batch.
at::Tensor convolve_3x3(const at::Tensor& x, const at::Tensor& weight, std::int64_t stride) {
  const auto patches = at::constant_pad_nd(x, {0, 0, 1, 1, 1, 1})
                           .unfold(1, 3, stride)
                           .unfold(2, 3, stride)  // (N, G', G', C, 3, 3)
                           .permute({0, 1, 2, 4, 5, 3});
  return apply_linear(patches.reshape({x.size(0), patches.size(1), patches.size(2), -1}), weight);
}

/// qkv: (N, G, G, 3 C) -> (N, rows, columns, w, w, 3, H, d), a view of it or of a copy where the
/// last windows are padded by tokens of zero, whose q, k and v are the bias.
at::Tensor split_windows(const at::Tensor& qkv, const at::Tensor& bias, std::int64_t side,
                         std::int64_t heads) {
  const auto n = qkv.size(0), grid = qkv.size(1), channels = qkv.size(3);
  const auto count = (grid + side - 1) / side, padded_side = count * side;
  auto padded = qkv;
  if (padded_side != grid) {
    padded = at::empty({n, padded_side, padded_side, channels}, qkv.options());
    padded.narrow(1, grid, padded_side - grid).copy_(bias);
    padded.narrow(1, 0, grid).narrow(2, grid, padded_side - grid).copy_(bias);
    padded.narrow(1, 0, grid).narrow(2, 0, grid).copy_(qkv);
  }
  return padded.view({n, count, side, count, side, 3, heads, channels / 3 / heads})
      .permute({0, 1, 3, 2, 4, 5, 6, 7});
}

/// (N windows, w^2, H, d) -> (N, G, G, C), without the padding.
at::Tensor join_windows(const at::Tensor& windows, std::int64_t n, std::int64_t grid,
                        std::int64_t side) {
  const auto count = (grid + side - 1) / side;
  const auto width = windows.size(2) * windows.size(3);
  return windows.reshape({n, count, count, side, side, width})
      .permute({0, 1, 3, 2, 4, 5})
      .reshape({n, count * side, count * side, width})
      .narrow(1, 0, grid)
      .narrow(2, 0, grid);
}

at::Tensor attention(const Sam& sam, const SamBlock& block, std::size_t resolution,
                     const at::Tensor& x) {
  const auto n = x.size(0), grid = x.size(1), heads = std::int64_t{sam.config.heads};
  const auto qkv = apply(x, block.qkv);
  if (block.global) {
    const auto seen = attend(qkv.view({n, grid, grid, 3, heads, x.size(3) / heads}),
                             block.relative[resolution], sam.grids[resolution].places);
    return apply(seen.reshape(x.sizes()), block.projection);
  }
  const auto side = sam.window.side;
  const auto seen =
      attend(split_windows(qkv, block.qkv.bias, side, heads), block.relative[0], sam.window.places);
  return apply(join_windows(seen, n, grid, side), block.projection);
}

at::Tensor neck(const Sam& sam, const at::Tensor& x, const Probe& probe) {
  const auto eps = sam.config.layer_norm_eps;
  const auto see = [&](const char* stage, const at::Tensor& values) {
    if (probe) probe(stage, values.permute({0, 3, 1, 2}));
  };
  auto y = normalised(apply_linear(x, sam.neck_1), sam.neck_norm_1, eps);
  y = normalised(convolve_3x3(y, sam.neck_2, 1), sam.neck_norm_2, eps);
  see("sam.neck", y);
  y = convolve_3x3(y, sam.net_2, 2);
  see("sam.net_2", y);
  y = convolve_3x3(y, sam.net_3, 2);
  see("sam.out", y);
  return y;
}

LayerNorm take_norm(TensorLoader& weights, const std::string& name) {
  return {weights.take(name + ".weight"), weights.take(name + ".bias")};
}

Linear take_linear(TensorLoader& weights, const std::string& name) {
  return {weights.take(name + ".weight"), weights.take(name + ".bias")};
}

/// (out, in, rows, columns) -> (out, rows x columns x in): the order of what has channels last.
at::Tensor channels_last(const at::Tensor& weight) {
  return weight.permute({0, 2, 3, 1}).reshape({weight.size(0), -1}).contiguous();
}

SamGrid make_grid(std::int64_t side, const at::TensorOptions& options) {
  return {.side = side, .places = make_places(side, options), .positions = {}};
}

SamBlock load_block(TensorLoader& weights, const Sam& sam, int index) {
  const auto name = "model.sam_model.blocks." + std::to_string(index) + ".";
  const auto& globals = sam.config.global_blocks;
  SamBlock block{.norm_1 = take_norm(weights, name + "norm1"),
                 .norm_2 = take_norm(weights, name + "norm2"),
                 .qkv = take_linear(weights, name + "attn.qkv"),
                 .projection = take_linear(weights, name + "attn.proj"),
                 .mlp_1 = take_linear(weights, name + "mlp.lin1"),
                 .mlp_2 = take_linear(weights, name + "mlp.lin2"),
                 .global = std::find(globals.begin(), globals.end(), index) != globals.end(),
                 .relative = {}};
  const auto rows = weights.take(name + "attn.rel_pos_h");
  const auto columns = weights.take(name + "attn.rel_pos_w");
  if (!block.global) block.relative.push_back(make_relative(rows, columns, sam.window.side));
  if (block.global)
    for (const auto& grid : sam.grids)
      block.relative.push_back(make_relative(rows, columns, grid.side));
  return block;
}

/// Made on a CPU: a GPU would multiply by 1 / 255.
at::Tensor levels_of(const ImageConfig& config) {
  const auto levels = normalised_levels(config);
  auto tensor = at::empty({static_cast<std::int64_t>(levels.size())}, at::kFloat);
  std::copy(levels.begin(), levels.end(), tensor.mutable_data_ptr<float>());
  return tensor;
}

}  // namespace

at::Tensor make_places(std::int64_t side, const at::TensorOptions& options) {
  const auto width = (2 * side + head_multiple - 1) / head_multiple * head_multiple;
  const auto columns = at::arange(width, at::kLong);
  const auto token = at::arange(side * side, at::kLong).unsqueeze(1);
  const auto row = token.div(side, "floor");
  return (columns == row).logical_or(columns == token - row * side + side).to(options);
}

at::Tensor make_relative(const at::Tensor& rows, const at::Tensor& columns, std::int64_t side) {
  return at::cat({fit_relative(rows, side).flip(0), fit_relative(columns, side).flip(0)});
}

at::Tensor fit_relative(const at::Tensor& table, std::int64_t side) {
  const auto rows = 2 * side - 1;
  if (table.size(0) == rows) return table;
  const auto wide = table.to(at::kCPU, at::kFloat).t().unsqueeze(0);
  return at::upsample_linear1d(wide, {rows}, /*align_corners=*/false)
      .squeeze(0)
      .t()
      .to(table.options());
}

at::Tensor fit_positions(const at::Tensor& positions, std::int64_t side) {
  if (positions.size(1) == side) return positions.squeeze(0);
  const auto wide = positions.to(at::kCPU, at::kFloat).permute({0, 3, 1, 2});
  return at::_upsample_bicubic2d_aa(wide, {side, side}, /*align_corners=*/false)
      .squeeze(0)
      .permute({1, 2, 0})
      .to(positions.options())
      .contiguous();
}

Sam load_sam(TensorLoader& weights, const SamConfig& config, const ImageConfig& image) {
  const std::string name = "model.sam_model.";
  Sam sam;
  sam.config = config;
  const auto positions = weights.take(name + "pos_embed");
  sam.levels = levels_of(image).to(positions.options());
  const std::array sides{image.base_px, image.tile_px};
  for (std::size_t i = 0; i < sides.size(); ++i) {
    sam.grids[i] = make_grid(sides[i] / config.patch_px, positions.options());
    sam.grids[i].positions = fit_positions(positions, sam.grids[i].side);
  }
  sam.window = make_grid(config.window, positions.options());
  sam.patch = take_linear(weights, name + "patch_embed.proj");
  sam.patch.weight = channels_last(sam.patch.weight);
  for (int i = 0; i < config.depth; ++i) sam.blocks.push_back(load_block(weights, sam, i));
  sam.neck_1 = channels_last(weights.take(name + "neck.0.weight"));
  sam.neck_norm_1 = take_norm(weights, name + "neck.1");
  sam.neck_2 = channels_last(weights.take(name + "neck.2.weight"));
  sam.neck_norm_2 = take_norm(weights, name + "neck.3");
  sam.net_2 = channels_last(weights.take(name + "net_2.weight"));
  sam.net_3 = channels_last(weights.take(name + "net_3.weight"));
  return sam;
}

at::Tensor attend(const at::Tensor& qkv, const at::Tensor& relative, const at::Tensor& places) {
  const auto side = qkv.size(-4), heads = qkv.size(-2), head = qkv.size(-1);
  const auto width = (head + places.size(1) + head_multiple - 1) / head_multiple * head_multiple;
  // Values are as wide as keys, with zeros: flash kernels want them so.
  auto sizes = qkv.sizes().vec();
  sizes.back() = width;
  auto wide = at::zeros(sizes, qkv.options());
  wide.narrow(-1, 0, head).copy_(qkv);
  wide = wide.view({-1, side, side, 3, heads, width});
  const auto batch = wide.size(0);
  const auto query = wide.select(3, 0), key = wide.select(3, 1), value = wide.select(3, 2);

  // (B, g, g, H, 2 (2 g - 1)): the query's bias for each distance. Of these the query in row i
  // needs, for keys in rows 0 to g - 1, the g from distance -i on: a window that slides by one.
  const auto distances = 2 * side - 1, each = 2 * distances, row = heads * each;
  const auto bias = apply_linear(query.narrow(-1, 0, head).contiguous(), relative);
  const std::array shape{batch, side, side, heads, side};
  query.narrow(-1, head, side)
      .copy_(bias.as_strided(shape, {side * side * row, side * row - 1, row, each, 1}, side - 1));
  query.narrow(-1, head + side, side)
      .copy_(bias.as_strided(shape, {side * side * row, side * row, row - 1, each, 1},
                             distances + side - 1));
  query.narrow(-1, 0, head).mul_(1 / std::sqrt(static_cast<double>(head)));
  key.narrow(-1, head, places.size(1)).copy_(places.view({side, side, 1, places.size(1)}));

  const auto by_head = [&](const at::Tensor& x) {
    return x.view({batch, side * side, heads, width}).transpose(1, 2);
  };
  return at::scaled_dot_product_attention(by_head(query), by_head(key), by_head(value),
                                          /*attn_mask=*/std::nullopt, /*dropout_p=*/0,
                                          /*is_causal=*/false, /*scale=*/1.0)
      .narrow(-1, 0, head)
      .transpose(1, 2);
}

at::Tensor run_sam(const Sam& sam, const at::Tensor& views, const Probe& probe) {
  const auto n = views.size(0), patch = std::int64_t{sam.config.patch_px};
  const auto grid = views.size(1) / patch;
  const std::size_t resolution = grid == sam.grids[0].side ? 0 : 1;
  require(grid == sam.grids[resolution].side, "a view has a size that the model does not know");
  const auto pixels = views.view({n, grid, patch, grid, patch, views.size(3)})
                          .permute({0, 1, 3, 2, 4, 5})
                          .reshape({-1})
                          .to(at::kInt);
  auto x = apply(sam.levels.index_select(0, pixels).view({n, grid, grid, -1}), sam.patch);
  if (probe) probe("sam.patch", x);
  x.add_(sam.grids[resolution].positions);
  if (probe) probe("sam.embed", x);
  const auto eps = sam.config.layer_norm_eps;
  for (std::size_t i = 0; i < sam.blocks.size(); ++i) {
    const auto& block = sam.blocks[i];
    x.add_(attention(sam, block, resolution, normalised(x, block.norm_1, eps)));
    auto wide = apply(normalised(x, block.norm_2, eps), block.mlp_1);
    x.add_(apply(at::gelu_(wide), block.mlp_2));
    if (probe) probe("sam.block" + std::to_string(i), x);
  }
  return neck(sam, x, probe).flatten(1, 2);
}

}  // namespace pecia::engine::deepseek
