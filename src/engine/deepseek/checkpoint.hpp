#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "config.hpp"
#include "file_weight_source.hpp"
#include "tokenizer.hpp"
#include "weight_source.hpp"

namespace pecia::engine::deepseek {

/// Section 5: a tensor that a model has.
struct ExpectedTensor {
  std::string name;
  std::vector<std::int64_t> shape;
  std::string_view part;  ///< one of `parts()`
};
[[nodiscard]] std::vector<ExpectedTensor> expected_tensors(const Config& config);

/// Bytes of a model's tensors, as they are stored, by part of the model, in the order of section
/// 11.1.
struct PartBytes {
  std::string_view part;
  std::uint64_t bytes = 0;
};
[[nodiscard]] std::vector<PartBytes> bytes_per_part(const std::vector<TensorInfo>& tensors,
                                                    const Config& config);

/// Throws `Error` that names all tensors that are missing, and those of a wrong shape or of a type
/// that is not read. Returns the names of tensors that do not belong to the model.
[[nodiscard]] std::set<std::string> check_tensors(const std::vector<TensorInfo>& tensors,
                                                  const std::vector<StoredTensor>& foreign,
                                                  const Config& config, const std::string& place);
/// Throws `Error` if the tensors' names or shapes are those of another layout, which it names.
void refuse_other_layouts(const std::vector<TensorInfo>& tensors,
                          const std::vector<StoredTensor>& foreign, const std::string& place);

struct ModelFiles {
  Config config;
  std::unique_ptr<WeightSource> source;  ///< exactly the tensors of the model
  std::filesystem::path tokenizer;       ///< empty for random weights
  std::uint64_t settings_hash = 0;  ///< of config.json, processor_config.json and tokenizer.json
};
/// `weights`: a folder as `model_folder` takes it, "random:full" (the published sizes) or
/// "random:tiny" (section 10). Everything but the tensors' bytes is checked. Throws `Error`.
[[nodiscard]] ModelFiles open_model(const std::string& weights);

/// Of random weights one that knows bytes and the model's own tokens alone. Throws `Error`.
[[nodiscard]] Tokenizer load_tokenizer(const ModelFiles& files);

/// 16 hexadecimal digits that tell models apart: of every byte of weights, configuration and
/// tokenizer, whatever the number of shards. `weights_hash`: `WeightsHash` of all tensors, known
/// when they have been read.
[[nodiscard]] std::string fingerprint(const ModelFiles& files, std::uint64_t weights_hash);

}  // namespace pecia::engine::deepseek
