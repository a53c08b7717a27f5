#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "file_weight_source.hpp"
#include "pecia/comm/communicator.hpp"
#include "weights_broadcast.hpp"
#include "weights_messages.hpp"

// The engine processes are threads here; what goes between them and their ranks is the same.
namespace pecia::test {

using engine::deepseek::FileWeights;
using engine::deepseek::WeightSource;

inline std::filesystem::path reader_checkpoint() {
  return std::filesystem::path{PECIA_TEST_DATA} / "deepseek/reader/checkpoint";
}

inline std::unique_ptr<engine::WeightsReader> reader_of(const comm::Communicator& comm) {
  return comm.rank() == 0 ? std::make_unique<engine::WeightsReader>(reader_checkpoint()) : nullptr;
}

/// All bytes, tensor by tensor, in reads of odd sizes as a loader would not make them.
inline Bytes all_bytes(WeightSource& source, std::size_t most_tensors = ~std::size_t{0}) {
  Bytes bytes;
  for (const auto& tensor : source.tensors()) {
    if (most_tensors-- == 0) break;
    for (std::uint64_t at = 0; at < tensor.bytes();) {
      const auto part = std::min<std::uint64_t>(tensor.bytes() - at, 100'003);
      bytes.resize(bytes.size() + part);
      source.read(tensor.name, at, std::span{bytes}.last(part));
      at += part;
    }
  }
  return bytes;
}

/// Has nobody's contents, so that what is read cannot come from the files.
class NamesOnly final : public WeightSource {
 public:
  explicit NamesOnly(std::vector<engine::deepseek::TensorInfo> tensors)
      : tensors_{std::move(tensors)} {}
  [[nodiscard]] const std::vector<engine::deepseek::TensorInfo>& tensors() const override {
    return tensors_;
  }
  void read(std::string_view, std::uint64_t, std::span<std::byte>) override {
    throw std::logic_error{"read from files"};
  }

 private:
  std::vector<engine::deepseek::TensorInfo> tensors_;
};

/// An engine process's way to its weights, without the tensors `stray`.
inline std::unique_ptr<WeightSource> process_source(UniqueFd socket,
                                                    const std::string& stray = "") {
  const auto stored = FileWeights{reader_checkpoint()}.tensors();
  auto wanted = stored;
  std::erase_if(wanted, [&](const auto& tensor) { return tensor.name == stray; });
  return engine::deepseek::weights_by_order(std::move(socket),
                                            std::make_unique<NamesOnly>(std::move(wanted)), stored,
                                            {false, "cpu", 0}, nullptr, nullptr);
}

}  // namespace pecia::test
