#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/ops/from_blob.h>

#include <memory>
#include <string>

#include "checkpoint.hpp"
#include "engine/deepseek/golden.hpp"
#include "engine/deepseek/ppm.hpp"
#include "file_weight_source.hpp"
#include "views.hpp"
#include "vision.hpp"

// Visions of the golden set and of the reader, and what they look at.
namespace pecia::engine::deepseek::test {

inline at::Tensor as_tensor(const std::vector<std::uint8_t>& pixels, std::int64_t side) {
  // from_blob wants a pointer to what may be written; nothing does.
  auto* data = const_cast<std::uint8_t*>(pixels.data());
  const auto views = static_cast<std::int64_t>(pixels.size()) / (side * side * 3);
  return at::from_blob(data, {views, side, side, 3}, at::kByte).clone();
}

struct PageViews {
  at::Tensor global, tiles;  // (1, S, S, 3), (T, S, S, 3)
};

inline PageViews views_of(const Json& golden_case, const Config& config) {
  const auto image = test_pixels("golden", golden_case.at("file").get<std::string>());
  const auto views = make_views(image, config.image);
  return {as_tensor(views.global, config.image.base_px),
          as_tensor(views.tiles, config.image.tile_px)};
}

struct VisionModel {
  Config config;
  std::shared_ptr<const Vision> vision;
};

inline VisionModel load_vision_of(const std::string& configuration, at::Device device,
                                  at::ScalarType type = at::kFloat) {
  const Golden golden{configuration};
  FileWeights source{golden.checkpoint()};
  TensorLoader loader{source, device, type};
  const auto config = golden_config(golden);
  return {config, load_vision(loader, config)};
}

inline VisionModel load_reader_vision(at::Device device) {
  const auto files =
      open_model((std::filesystem::path{PECIA_TEST_DATA} / "deepseek/reader/checkpoint").string());
  TensorLoader loader{*files.source, device, at::kFloat};
  return {files.config, load_vision(loader, files.config)};
}

}  // namespace pecia::engine::deepseek::test
