#include "vision.hpp"

#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <c10/core/InferenceMode.h>
#include <fmt/format.h>

#include <algorithm>

#include "encoder.hpp"
#include "kernels.hpp"
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

/// A GPU is filled by several views together; 16 of 1024 px need some 2 GB in bf16 (by reckoning).
constexpr std::int64_t views_at_once_on_a_gpu = 16;

at::Tensor see_together(const Vision& vision, const at::Tensor& views, const Probe& probe) {
  const auto image = run_sam(vision.sam, views.to(vision.projector.weight.device()), probe);
  const auto out = run_encoder(vision.encoder, image, probe);
  auto seen = apply_linear(out, vision.projector.weight, vision.projector.bias);
  if (probe) probe("proj", seen);
  return seen;
}

/// Each view alone and by one thread, as many of them at once as there are threads: then a view
/// cannot depend on the others, whatever kernels a library chooses by the number of rows, and
/// however it shares them out.
std::vector<at::Tensor> see_on_cpu(const Vision& vision, const at::Tensor& views,
                                   const Probe& probe) {
  std::vector<at::Tensor> seen(static_cast<std::size_t>(views.size(0)));
  const auto see_some = [&](std::int64_t begin, std::int64_t end) {
    const c10::InferenceMode no_gradients;  // is a thread's own
    for (auto i = begin; i < end; ++i)
      seen[static_cast<std::size_t>(i)] = see_together(vision, views.narrow(0, i, 1), probe);
  };
  if (seen.size() > 1 && !probe) {
    constexpr std::int64_t dear = 1'000'000'000;  // operations: each worth a thread
    over_rows(views.size(0), dear, see_some);
  } else {
    const OneThread one_thread;
    see_some(0, views.size(0));
  }
  return seen;
}

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
  std::vector<at::Tensor> seen;
  if (vision.projector.weight.is_cpu()) {
    seen = see_on_cpu(vision, views, probe);
  } else {
    constexpr auto step = views_at_once_on_a_gpu;
    for (std::int64_t first = 0; first < views.size(0); first += step)
      seen.push_back(see_together(
          vision, views.narrow(0, first, std::min(step, views.size(0) - first)), probe));
  }
  if (seen.empty()) return at::empty({0, 0, vision.separator.size(0)}, vision.separator.options());
  return seen.size() == 1 ? seen.front() : at::cat(seen);
}

const at::Tensor& separator(const Vision& vision) { return vision.separator; }

}  // namespace pecia::engine::deepseek
