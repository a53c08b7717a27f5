#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "pecia/base/file.hpp"
#include "safetensors.hpp"
#include "weight_source.hpp"

namespace pecia::engine::deepseek {

/// The folder that holds config.json and the weights, given itself or a folder of the Hugging Face
/// cache (models--ORG--NAME: the snapshot of refs/main, or the only one). Throws `UsageError` that
/// says what is missing.
[[nodiscard]] std::filesystem::path model_folder(const std::filesystem::path& given);

/// The tensors of model.safetensors, of the shards that model.safetensors.index.json lists, or,
/// without an index, of all model-*.safetensors.
class FileWeights : public WeightSource {
 public:
  /// `place`: a folder as `model_folder` takes it, or one .safetensors file. Throws `Error` if a
  /// shard is missing or damaged, a name is in two of them, or the index tells otherwise than they.
  explicit FileWeights(const std::filesystem::path& place);

  [[nodiscard]] const std::vector<TensorInfo>& tensors() const override { return tensors_; }
  void read(std::string_view name, std::uint64_t offset, std::span<std::byte> into) override;

  /// Tensors of types that weights do not have here; `read` reads them, too.
  [[nodiscard]] const std::vector<StoredTensor>& foreign() const noexcept { return foreign_; }
  /// `tensors()` is without these from now on.
  void leave_out(const std::set<std::string>& names);
  [[nodiscard]] const std::vector<std::filesystem::path>& files() const noexcept { return paths_; }

 private:
  struct Place {
    std::size_t file;
    std::uint64_t begin, end;
  };
  void add_file(const std::filesystem::path& path);
  void check_index(const std::unordered_map<std::string, std::string>& index) const;

  std::vector<std::filesystem::path> paths_;
  std::vector<UniqueFd> files_;
  std::vector<TensorInfo> tensors_;
  std::vector<StoredTensor> foreign_;
  std::unordered_map<std::string, Place> places_;
};

}  // namespace pecia::engine::deepseek
