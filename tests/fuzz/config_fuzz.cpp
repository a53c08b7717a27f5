#include <cstdint>
#include <string>

#include "checkpoint.hpp"
#include "fuzz.hpp"
#include "pecia/base/error.hpp"

// A config.json, alone and beside its processor_config.json: what is taken is a model that can be.
namespace pecia::engine::deepseek {
namespace {

void check(const Config& config) {
  const auto& decoder = config.decoder;
  fuzz::expect(decoder.heads * decoder.head_dim == decoder.width, "heads make the width");
  fuzz::expect(decoder.top_k <= decoder.experts, "as many experts as are chosen");
  fuzz::expect(config.image.base_px % (4 * config.sam.patch_px) == 0, "the global view is cut without rest");
  fuzz::expect(config.encoder.heads % config.encoder.kv_heads == 0, "kv heads are shared evenly");
  fuzz::expect(config.image_id < decoder.vocabulary, "the image's id is in the vocabulary");
  constexpr int most = 1000;  // more take too long here
  if (decoder.layers * decoder.experts + config.encoder.layers + config.sam.depth > most) return;
  for (const auto& [name, shape, part] : expected_tensors(config)) {
    std::uint64_t elements = 1;
    for (const auto side : shape) {
      fuzz::expect(side > 0, "a tensor has elements");
      fuzz::expect(!__builtin_mul_overflow(elements, static_cast<std::uint64_t>(side), &elements),
                   "they can be counted");
    }
  }
}

void try_to_read(std::string_view config, std::string_view processor) {
  static const std::vector<TensorInfo> none;
  static const std::vector<TensorInfo> some{{"model.sam_model.pos_embed", TensorType::bf16, {1, 16, 16, 16}},
                                            {"model.qwen2_model.query_768.weight", TensorType::bf16, {9, 24}},
                                            {"model.sam_model.neck.0.weight", TensorType::bf16, {}}};
  for (const auto* tensors : {&none, &some}) {
    try {
      check(parse_config(config, processor, *tensors, "config.json"));
    } catch (const Error&) {
    }
  }
}

}  // namespace
}  // namespace pecia::engine::deepseek

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pecia;
  const auto text = fuzz::text_of({data, size});
  const auto cut = text.find('\0');
  engine::deepseek::try_to_read(text.substr(0, cut), cut == std::string_view::npos ? "" : text.substr(cut + 1));
  return 0;
}
