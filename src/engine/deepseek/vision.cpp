#include "vision.hpp"

#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <fmt/format.h>

#include <algorithm>

#include "encoder.hpp"
#include "pecia/base/error.hpp"
#include "sam.hpp"

namespace pecia::engine::deepseek {

struct Vision {
  ImageConfig image;
  Sam sam;
  Encoder encoder;
  Linear projector;      // (decoder width, encoder width)
  at::Tensor separator;  // (decoder width)
};

namespace {

/// A GPU is filled by several views together; 16 of 1024 px need some 2 GB in bf16. A CPU gains
/// nothing by them, and alone a view cannot depend on others, whatever kernels a library chooses by
/// the number of rows.
std::int64_t views_at_once(const at::Tensor& weight) { return weight.is_cpu() ? 1 : 16; }

}  // namespace

std::shared_ptr<const Vision> load_vision(TensorLoader& weights, const Config& config) {
  auto vision = std::make_shared<Vision>();
  vision->image = config.image;
  vision->sam = load_sam(weights, config.sam, config.image);
  vision->encoder = load_encoder(weights, config.encoder);
  vision->projector = {weights.take("model.projector.layers.weight"),
                       weights.take("model.projector.layers.bias")};
  vision->separator = weights.take("model.view_seperator");
  return vision;
}

at::Tensor see(const Vision& vision, const at::Tensor& views, const Probe& probe) {
  const auto side = views.size(1);
  require(side == vision.image.base_px || side == vision.image.tile_px,
          fmt::format("a view of {} px a side: the model takes {} or {}", side,
                      vision.image.base_px, vision.image.tile_px));
  const auto& projector = vision.projector;
  const auto step = views_at_once(projector.weight);
  std::vector<at::Tensor> seen;
  for (std::int64_t first = 0; first < views.size(0); first += step) {
    const auto some =
        views.narrow(0, first, std::min(step, views.size(0) - first)).to(projector.weight.device());
    const auto image = run_sam(vision.sam, some, probe);
    const auto out = run_encoder(vision.encoder, image, probe);
    seen.push_back(apply_linear(out, projector.weight, projector.bias));
    if (probe) probe("proj", seen.back());
  }
  if (seen.empty()) return at::empty({0, 0, vision.separator.size(0)}, vision.separator.options());
  return seen.size() == 1 ? seen.front() : at::cat(seen);
}

const at::Tensor& separator(const Vision& vision) { return vision.separator; }

}  // namespace pecia::engine::deepseek
