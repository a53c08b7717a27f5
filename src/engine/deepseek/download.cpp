#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "checkpoint.hpp"
#include "finite.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/text.hpp"
#include "pecia/engine/deepseek_download.hpp"
#include "weights_hash.hpp"

namespace pecia::engine {
namespace {

namespace fs = std::filesystem;
using namespace deepseek;
using Mark = DownloadFinding::Mark;

constexpr std::string_view how_to_fetch =
    "On a machine with internet, such as a login node: pip install --user huggingface_hub; hf "
    "download "
    "deepseek-ai/DeepSeek-OCR-2 config.json processor_config.json tokenizer.json "
    "model.safetensors.index.json "
    "model-00001-of-000001.safetensors --local-dir DIR (6.8 GB; huggingface-cli download with the "
    "same "
    "arguments where there is no hf). Then give DIR as weights";

std::string size_text(std::uint64_t bytes) {
  constexpr double kilo = 1e3, mega = 1e6;
  if (static_cast<double>(bytes) < mega)
    return fmt::format("{:.1f} kB", static_cast<double>(bytes) / kilo);
  return fmt::format("{:.1f} MB", static_cast<double>(bytes) / mega);
}

std::uint64_t bytes_of(const std::vector<TensorInfo>& tensors) {
  std::uint64_t bytes = 0;
  for (const auto& tensor : tensors) bytes += tensor.bytes();
  return bytes;
}

bool is_sha256(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

/// What Hugging Face's programs wrote down of a file: the cache's blob is named so, a local folder
/// has it in the second line of a file of its own. Empty: unknown, as of small files.
std::string known_sha256(const fs::path& file) {
  std::error_code error;
  const auto blob = fs::canonical(file, error).filename().string();
  if (!error && is_sha256(blob)) return blob;
  const auto record =
      file.parent_path() / ".cache/huggingface/download" / (file.filename().string() + ".metadata");
  if (!fs::is_regular_file(record, error)) return {};
  const auto text = read_file(record);
  const auto begin = text.find('\n') + 1;  // 0 where there is none
  const auto etag = text.substr(begin, text.find('\n', begin) - begin);
  return is_sha256(etag) ? etag : std::string{};
}

class Checking {
 public:
  Checking(const Sha256Matches& sha256_matches,
           const std::function<void(const DownloadFinding&)>& tell)
      : sha256_matches_{sha256_matches}, tell_{tell} {}

  void operator()(const std::string& weights) {
    try {
      check(weights);
    } catch (const std::exception& error) {
      bad("model", error.what());
    }
    if (!sound_) tell_({Mark::warning, "how to fetch", std::string{how_to_fetch}});
  }

 private:
  void good(std::string what, std::string text) {
    tell_({Mark::good, std::move(what), std::move(text)});
  }
  void bad(std::string what, std::string text) {
    sound_ = false;
    tell_({Mark::bad, std::move(what), std::move(text)});
  }

  void check(const std::string& weights) {
    const bool made = weights.starts_with("random:");
    if (!made) check_files(model_folder(weights));
    const auto model = open_model(weights);
    const auto& tensors = model.source->tensors();
    good("tensors", fmt::format("{}, all that the model has, {}", plural(tensors.size(), "tensor"),
                                size_text(bytes_of(tensors))));
    for (const auto& [part, bytes] : bytes_per_part(tensors, model.config))
      good(std::string{part}, size_text(bytes));
    if (!made) check_values(model);
    check_tokenizer(model);
  }

  void check_files(const fs::path& folder) {
    good("folder", printable(folder.native()));
    for (const auto* name : {"config.json", "tokenizer.json"}) check_file(folder / name);
    std::set<fs::path> shards;
    for (const auto& entry : fs::directory_iterator{folder})
      if (entry.path().extension() == ".safetensors") shards.insert(entry.path());
    for (const auto& shard : shards) check_file(shard);
    tell_unfinished(folder / ".cache/huggingface/download");
    if (folder.parent_path().filename() == "snapshots")
      tell_unfinished(folder.parent_path().parent_path() / "blobs");
  }

  void tell_unfinished(const fs::path& downloads) const {
    std::error_code error;
    for (fs::directory_iterator at{downloads, error}, end; !error && at != end; at.increment(error))
      if (at->path().extension() == ".incomplete")
        tell_({Mark::warning, "unfinished", printable(at->path().native())});
  }

  void check_file(const fs::path& file) {
    const auto name = printable(file.filename().native());
    std::error_code error;
    const auto bytes = fs::file_size(file, error);
    if (error) return bad(name, fs::is_symlink(file) ? "is a link to nothing" : "is missing");
    const auto sha256 = known_sha256(file);
    if (sha256.empty()) return good(name, size_text(bytes));
    if (sha256_matches_(file, sha256)) return good(name, size_text(bytes) + ", SHA-256 right");
    bad(name,
        fmt::format("{}, SHA-256 is not {}: the file is damaged. Delete it, and fetch it again",
                    size_text(bytes), sha256));
  }

  /// Reads them all.
  void check_values(const ModelFiles& model) {
    WeightsHash hash;
    constexpr std::uint64_t most_bytes = std::uint64_t{4} << 20;
    std::vector<std::byte> block;
    for (const auto& tensor : model.source->tensors()) {
      for (std::uint64_t at = 0; at < tensor.bytes(); at += block.size()) {
        block.resize(std::min(most_bytes, tensor.bytes() - at));
        model.source->read(tensor.name, at, block);
        hash.add(tensor, at, block);
        if (first_not_finite(block, tensor.type))
          return bad("values",
                     fmt::format("'{}' has some that are not finite", printable(tensor.name)));
      }
    }
    good("values", fmt::format("all finite; fingerprint {}", fingerprint(model, hash.value())));
  }

  void check_tokenizer(const ModelFiles& model) {
    const auto tokenizer = load_tokenizer(model);
    const auto image = tokenizer.id_of("<image>");
    if (image != model.config.image_id)
      return bad("tokenizer",
                 fmt::format("its id of <image> is {}, the model's {}: the files are of two models",
                             image ? std::to_string(*image) : "none", model.config.image_id));
    good("tokenizer", fmt::format("{} ids", tokenizer.size()));
  }

  const Sha256Matches& sha256_matches_;
  const std::function<void(const DownloadFinding&)>& tell_;
  bool sound_ = true;
};

}  // namespace

void check_download(const std::string& weights, const Sha256Matches& sha256_matches,
                    const std::function<void(const DownloadFinding&)>& tell) {
  Checking{sha256_matches, tell}(weights);
}

std::string published_bytes_per_part() {
  const auto model = open_model("random:full");
  std::string text;
  for (const auto& [part, bytes] : bytes_per_part(model.source->tensors(), model.config))
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", part, size_text(bytes));
  return text;
}

}  // namespace pecia::engine
