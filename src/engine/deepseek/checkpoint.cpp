#include "checkpoint.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "pecia/base/error.hpp"
#include "pecia/base/log.hpp"
#include "pecia/base/text.hpp"
#include "random_weights.hpp"
#include "weights_hash.hpp"

namespace pecia::engine::deepseek {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view fetch = "Fetch deepseek-ai/DeepSeek-OCR-2 (docs/deepseek.md)";

/// What the names say, if they are those of another layout; else empty.
std::string_view layout_of_name(std::string_view name) {
  const auto has = [&](std::string_view part) { return name.find(part) != std::string_view::npos; };
  if (has("qwen2_encoder.") || name.starts_with("vision_model.") ||
      name.starts_with("language_model.model."))
    return "MLX";
  if (has("vision_tower.") || has("language_model.") || has("multi_modal_projector."))
    return "native transformers (as in deepseek-community/DeepSeek-OCR-2)";
  if (name.starts_with("model.vision_model.") || name == "model.image_newline")
    return "DeepSeek-OCR, the first";
  if (name.ends_with(".qweight") || name.ends_with(".scales") || name.ends_with("weight_scale_inv"))
    return "quantised";
  return {};
}

/// A convolution with channels last is MLX's, too.
std::string_view layout_of(const TensorInfo& tensor) {
  if (tensor.name.ends_with("sam_model.patch_embed.proj.weight") && tensor.shape.size() == 4 &&
      tensor.shape[3] == 3 && tensor.shape[1] != 3)
    return "MLX";
  return layout_of_name(tensor.name);
}

/// At most so many of them, and how many more there are.
std::string joined(std::vector<std::string> names, std::size_t most) {
  const auto all = names.size();
  names.resize(std::min(all, most));
  auto text = fmt::format("{}", fmt::join(names, ", "));
  return all > most ? text + fmt::format(" and {} more", all - most) : text;
}

struct Problems {
  std::vector<std::string> missing, wrong;
};

Problems compare(const std::vector<ExpectedTensor>& expected,
                 const std::map<std::string_view, const TensorInfo*>& present,
                 const std::map<std::string_view, const StoredTensor*>& foreign) {
  Problems problems;
  for (const auto& [name, shape, part] : expected) {
    if (const auto at = present.find(name); at != present.end()) {
      if (at->second->shape != shape)
        problems.wrong.push_back(fmt::format("{} has shape [{}], not [{}]", name,
                                             fmt::join(at->second->shape, ","),
                                             fmt::join(shape, ",")));
    } else if (const auto other = foreign.find(name); other != foreign.end()) {
      problems.wrong.push_back(fmt::format("{} has type {}; F32, BF16 and F16 are read", name,
                                           printable(other->second->dtype)));
    } else {
      problems.missing.push_back(name);
    }
  }
  return problems;
}

void tell_strays(const std::set<std::string>& strays, const std::string& place) {
  if (strays.empty()) return;
  std::vector<std::string> names;
  std::string layout;
  for (const auto& name : strays) {
    names.push_back(printable(name));
    if (layout.empty()) layout = layout_of_name(name);
  }
  constexpr std::size_t most_shown = 10;
  log::warning("'{}': {} ignored, which this model does not have{}: {}", place,
               plural(strays.size(), "tensor"),
               layout.empty() ? "" : fmt::format(" (names of the layout {})", layout),
               joined(names, most_shown));
}

std::uint64_t hash_of_settings(const fs::path& folder) {
  std::string all;
  for (const auto* name : {"config.json", "processor_config.json", "tokenizer.json"}) {
    std::error_code ignored;
    if (!fs::exists(folder / name, ignored)) continue;
    const auto text = read_file(folder / name);
    all += fmt::format("{} {}\n", name, text.size()) + text;
  }
  return hash_of(all);
}

ModelFiles random_model(std::string_view size) {
  ModelFiles files;
  if (size == "full") {
    files.source = std::make_unique<RandomWeights>(files.config, RandomWeights::Kind::fast);
  } else if (size == "tiny") {
    files.config = tiny_config();
    files.source = std::make_unique<RandomWeights>(files.config, RandomWeights::Kind::exact);
  } else {
    throw UsageError{fmt::format("weights: 'random:{}' is neither random:full nor random:tiny",
                                 printable(size))};
  }
  return files;
}

}  // namespace

void refuse_other_layouts(const std::vector<TensorInfo>& tensors,
                          const std::vector<StoredTensor>& foreign, const std::string& place) {
  std::map<std::string_view, std::size_t> layouts;
  std::string example;
  bool ours = false;
  const auto count = [&](std::string_view layout, const std::string& name) {
    if (layout.empty()) return;
    if (layouts[layout]++ == 0) example = name;
  };
  for (const auto& tensor : tensors) {
    const auto layout = layout_of(tensor);
    count(layout, tensor.name);
    ours = ours || (layout.empty() && tensor.name == "model.sam_model.patch_embed.proj.weight");
  }
  for (const auto& tensor : foreign) count(layout_of_name(tensor.name), tensor.name);
  if (layouts.empty() || ours) return;  // with all that belongs to the model, the rest is stray
  const auto most =
      std::max_element(layouts.begin(), layouts.end(),
                       [](const auto& a, const auto& b) { return a.second < b.second; });
  throw Error{fmt::format(
      "'{}': these are the weights of another layout: {} (tensor '{}'). This engine reads the "
      "original one. {}",
      place, most->first, printable(example), fetch)};
}

std::set<std::string> check_tensors(const std::vector<TensorInfo>& tensors,
                                    const std::vector<StoredTensor>& foreign, const Config& config,
                                    const std::string& place) {
  std::map<std::string_view, const TensorInfo*> present;
  for (const auto& tensor : tensors) present.emplace(tensor.name, &tensor);
  std::map<std::string_view, const StoredTensor*> others;
  for (const auto& tensor : foreign) others.emplace(tensor.name, &tensor);
  const auto expected = expected_tensors(config);
  const auto [missing, wrong] = compare(expected, present, others);
  constexpr std::size_t most_shown = 20;  // of what a wrong config.json makes wrong everywhere
  if (!missing.empty() || !wrong.empty()) {
    std::string message = fmt::format("'{}': the weights are not those of its config.json.", place);
    if (!missing.empty())
      message += fmt::format(" {} missing: {}.", plural(missing.size(), "tensor"),
                             joined(missing, missing.size()));
    if (!wrong.empty())
      message +=
          fmt::format(" {} wrong: {}.", plural(wrong.size(), "tensor"), joined(wrong, most_shown));
    throw Error{fmt::format("{} {}", message, fetch)};
  }
  for (const auto& tensor : expected) {
    present.erase(tensor.name);
  }
  std::set<std::string> strays;
  for (const auto& [name, tensor] : present) strays.emplace(name);
  return strays;
}

ModelFiles open_model(const std::string& weights) {
  constexpr std::string_view random = "random:";
  if (weights.starts_with(random))
    return random_model(std::string_view{weights}.substr(random.size()));
  const auto folder = model_folder(weights);
  const auto place = printable(folder.native());
  auto source = std::make_unique<FileWeights>(folder);
  refuse_other_layouts(source->tensors(), source->foreign(), place);
  ModelFiles files;
  files.config = read_config(folder, source->tensors());
  auto strays = check_tensors(source->tensors(), source->foreign(), files.config, place);
  source->leave_out(strays);
  for (const auto& tensor : source->foreign()) strays.insert(tensor.name);
  tell_strays(strays, place);
  files.tokenizer = folder / "tokenizer.json";
  files.settings_hash = hash_of_settings(folder);
  files.source = std::move(source);
  return files;
}

std::string fingerprint(const ModelFiles& files, std::uint64_t weights_hash) {
  return fmt::format("{:016x}",
                     hash_of(fmt::format("{:016x}{:016x}", files.settings_hash, weights_hash)));
}

}  // namespace pecia::engine::deepseek
