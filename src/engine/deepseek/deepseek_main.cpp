#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "checkpoint.hpp"
#include "deepseek_engine.hpp"
#include "describe.hpp"
#include "nccl_weights.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/version.hpp"
#include "pecia/device/device.hpp"
#include "pecia/device/nccl_broadcast.hpp"
#include "pecia/engine/serve.hpp"

namespace pecia::engine::deepseek {
namespace {

/// How often it says how much of the weights it has read.
constexpr std::chrono::milliseconds say_loading_every{500};
/// A page takes 45 ms of a core to prepare; more threads than these do not make a GPU faster.
constexpr int most_prepare_threads = 8;

struct Arguments {
  DeepseekSettings settings;
  int local_rank = 0;
  bool channel = false;  ///< the first message brings a channel for the weights
};

Arguments arguments_of(const std::vector<std::string>& words) {
  if (words.size() != 2 && !(words.size() == 3 && words[2] == "channel"))
    throw UsageError{
        "the arguments are the engine's settings in JSON and the rank's place on its host"};
  Arguments arguments{deepseek_settings_from_json(words[0]), 0, words.size() == 3};
  const auto& place = words[1];
  const auto [end, error] =
      std::from_chars(place.data(), place.data() + place.size(), arguments.local_rank);
  if (error != std::errc{} || end != place.data() + place.size() || arguments.local_rank < 0)
    throw UsageError{fmt::format("'{}' is no place of a rank on its host", place)};
  return arguments;
}

/// Weights from wherever they come; the rank hears how far they are.
class ToldOf final : public WeightSource {
 public:
  ToldOf(std::unique_ptr<WeightSource> source, child::Parent& parent)
      : source_{std::move(source)}, parent_{parent} {
    for (const auto& tensor : source_->tensors()) all_bytes_ += tensor.bytes();
  }
  [[nodiscard]] const std::vector<TensorInfo>& tensors() const override {
    return source_->tensors();
  }
  void read(std::string_view name, std::uint64_t offset, std::span<std::byte> into) override {
    source_->read(name, offset, into);
    done_bytes_ += into.size();
    const auto now = std::chrono::steady_clock::now();
    if (now - said_ < say_loading_every) return;
    say_loading(parent_, done_bytes_, all_bytes_);
    said_ = now;
  }

 private:
  std::unique_ptr<WeightSource> source_;
  child::Parent& parent_;
  std::uint64_t done_bytes_ = 0, all_bytes_ = 0;
  std::chrono::steady_clock::time_point said_{};
};

/// The first message of the rank, where the arguments say that there is one.
UniqueFd channel_from(child::Parent& parent) {
  auto packet = parent.receive();
  require(packet && packet->fds.size() == 1, "no channel for the weights came");
  return std::move(packet->fds[0]);
}

/// The files, or what the rank orders over a channel.
std::unique_ptr<WeightSource> ordered_source(UniqueFd channel, std::unique_ptr<WeightSource> files,
                                             const std::string& weights,
                                             const std::optional<c10::DeviceGuard>& gpu) {
  if (!channel || weights.starts_with("random:")) return files;
  const int index = gpu ? gpu->current_device().index() : 0;
  WeightsOffer offer;
  offer.nccl = gpu && !device::nccl_version().empty();
  if (gpu) offer.gpu = device::visible_gpus().gpus.at(static_cast<std::size_t>(index)).uuid;
  return weights_by_order(std::move(channel), std::move(files), FileWeights{weights}.tensors(),
                          offer, nccl_source(index), new_nccl_id);
}

/// Until the rank closes the socket.
int run(const Arguments& arguments) {
  child::Parent parent;
  const auto& settings = arguments.settings;
  UniqueFd channel;
  std::unique_ptr<WeightSource> source;
  try {
    if (arguments.channel) channel = channel_from(parent);
    source = open_model(settings.weights).source;
  } catch (const StorageError& error) {
    say_lost(parent, error.what());
    return 1;
  } catch (const Error& error) {  // of the checkpoint: another process would find the same
    say_problem(parent, error.what());
    return 2;
  }
  try {
    const auto gpu = use_gpu_of_rank(settings, arguments.local_rank);
    source = ordered_source(std::move(channel), std::move(source), settings.weights, gpu);
    DeepseekEngine engine{settings, std::make_unique<ToldOf>(std::move(source), parent)};
    ServeSettings serving;
    // On a CPU the model itself needs the cores.
    serving.prepare_threads = gpu ? std::clamp(at::get_num_threads(), 1, most_prepare_threads) : 1;
    serve_continuous(parent, engine, serving);
  } catch (const UsageError& error) {
    say_problem(parent, error.what());
    return 2;
  } catch (const std::exception& error) {
    say_lost(parent, error.what());
    return 1;
  }
}

}  // namespace
}  // namespace pecia::engine::deepseek

/// Reads pages with DeepSeek-OCR-2 for the rank that started it. Arguments: the engine's settings
/// (JSON), the rank's place on its host; or --version, --describe for a person.
int main(int argc, char** argv) {
  using namespace pecia;
  try {
    const std::vector<std::string> words{argv + 1, argv + argc};
    if (words.size() == 1 && words[0] == "--version") {
      fmt::print("pecia-deepseek {}, LibTorch {}\n", version(), PECIA_TORCH_VERSION);
      return 0;
    }
    if (words.size() == 1 && words[0] == "--describe") {
      fmt::print("{}\n", engine::deepseek::describe({}, 0));
      return 0;
    }
    return engine::deepseek::run(engine::deepseek::arguments_of(words));
  } catch (const UsageError& error) {
    fmt::print(stderr, "pecia-deepseek: {}\n", error.what());
    return 2;
  } catch (const std::exception& error) {
    fmt::print(stderr, "pecia-deepseek: {}\n", error.what());
    return 1;
  }
}
