#pragma once

#include <ATen/ops/cat.h>
#include <ATen/ops/from_blob.h>

#include <algorithm>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "checkpoint.hpp"
#include "decoder.hpp"
#include "golden.hpp"
#include "ppm.hpp"
#include "tensor_loader.hpp"
#include "views.hpp"
#include "vision.hpp"

namespace pecia::engine::deepseek::test {

/// A golden configuration, in a type, on a device.
struct Model {
  Model(const std::string& configuration, at::Device device, at::ScalarType type)
      : golden{configuration},
        files{open_model(golden.checkpoint().string())},
        config{files.config} {
    TensorLoader loader{*files.source, device, type};
    vision = load_vision(loader, config);
    decoder = load_decoder(loader, config.decoder);
  }

  /// The embedded prompt of a case, image and all: (prompt tokens, width).
  [[nodiscard]] at::Tensor prompt(const Json& golden_case) const {
    const auto views =
        make_views(test_pixels("golden", golden_case.at("file").get<std::string>()), config.image);
    const auto ids = prompt_ids(golden_case);
    auto rows = embed(*decoder, ids);
    std::vector<at::Tensor> parts;
    if (views.grid.tiles() > 0) parts.push_back(see_all(views.tiles, config.image.tile_px));
    parts.push_back(see_all(views.global, config.image.base_px));
    parts.push_back(separator(*vision).unsqueeze(0));
    const auto image = at::cat(parts);
    const auto first = std::find(ids.begin(), ids.end(), config.image_id) - ids.begin();
    rows.narrow(0, first, image.size(0)).copy_(image);
    return rows;
  }

  Golden golden;
  ModelFiles files;
  Config config;
  std::shared_ptr<const Vision> vision;
  std::shared_ptr<const Decoder> decoder;

 private:
  [[nodiscard]] at::Tensor see_all(const std::vector<std::uint8_t>& pixels,
                                   std::int64_t side) const {
    const auto views = at::from_blob(const_cast<std::uint8_t*>(pixels.data()), {-1, side, side, 3},
                                     at::TensorOptions{}.dtype(at::kByte))
                           .to(decoder->norm.device());
    return see(*vision, views).flatten(0, 1);
  }
};

/// One sequence with a KV cache of its own, whose blocks lie in no natural order.
struct Alone {
  explicit Alone(const Decoder& model)
      : decoder{model},
        cache{model.config, blocks_for(model.config.max_positions), model.norm.device(),
              model.norm.scalar_type()},
        table(static_cast<std::size_t>(cache.blocks)) {
    std::iota(table.rbegin(), table.rend(), 0);
  }
  /// Rows (n, width) at the next positions -> hidden states.
  at::Tensor feed(const at::Tensor& x, std::vector<Routing>* routings = nullptr) {
    const Slice slice{&table, length, static_cast<int>(x.size(0))};
    length += slice.count;
    return decode(decoder, cache, x.to(decoder.norm.device(), decoder.norm.scalar_type()),
                  std::span{&slice, 1}, routings);
  }
  const Decoder& decoder;
  KvCache cache;
  BlockTable table;
  int length = 0;
};

}  // namespace pecia::engine::deepseek::test
