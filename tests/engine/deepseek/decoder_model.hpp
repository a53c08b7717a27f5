#pragma once

#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "checkpoint.hpp"
#include "decoder.hpp"
#include "golden.hpp"
#include "tensor_loader.hpp"

namespace pecia::engine::deepseek::test {

/// A golden configuration's decoder, in a type, on a device.
struct Model {
  Model(const std::string& configuration, at::Device device, at::ScalarType type)
      : golden{configuration}, files{open_model(golden.checkpoint().string())}, config{files.config} {
    TensorLoader loader{*files.source, device, type};
    decoder = load_decoder(loader, config.decoder);
  }
  Golden golden;
  ModelFiles files;
  Config config;
  std::shared_ptr<const Decoder> decoder;
};

/// One sequence with a KV cache of its own, whose blocks lie in no natural order.
struct Alone {
  explicit Alone(const Decoder& model)
      : decoder{model},
        cache{model.config, blocks_for(model.config.max_positions), model.norm.device(), model.norm.scalar_type()},
        table(static_cast<std::size_t>(cache.blocks)) {
    std::iota(table.rbegin(), table.rend(), 0);
  }
  /// Rows (n, width) at the next positions -> hidden states.
  at::Tensor feed(const at::Tensor& x, std::vector<Routing>* routings = nullptr) {
    const Slice slice{&table, length, static_cast<int>(x.size(0))};
    length += slice.count;
    return decode(decoder, cache, x.to(decoder.norm.device(), decoder.norm.scalar_type()), std::span{&slice, 1},
                  routings);
  }
  const Decoder& decoder;
  KvCache cache;
  BlockTable table;
  int length = 0;
};

}  // namespace pecia::engine::deepseek::test
