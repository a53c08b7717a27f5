#include <algorithm>
#include <cstring>
#include <numeric>
#include <string>
#include <unordered_set>

#include "fuzz.hpp"
#include "pecia/base/error.hpp"
#include "safetensors.hpp"

// The header of a safetensors file of so many bytes: what is taken covers the file, each byte once.
namespace pecia::engine::deepseek {
namespace {

constexpr std::size_t size_bytes = 4;  // of the input: bytes of data behind the header

void check(const std::vector<StoredTensor>& tensors, std::uint64_t begin, std::uint64_t end) {
  std::unordered_set<std::string> names;
  for (const auto& tensor : tensors) {
    fuzz::expect(tensor.begin == begin, "a tensor begins where the one before it ends");
    fuzz::expect(names.insert(tensor.name).second, "a name comes once");
    begin = tensor.end;
    const auto type = tensor_type(tensor.dtype);
    if (!type) continue;
    const TensorInfo info{tensor.name, *type, tensor.shape};
    fuzz::expect(info.bytes() == tensor.end - tensor.begin, "shape and type make the bytes");
  }
  fuzz::expect(begin == end, "the last tensor ends with the file");
}

}  // namespace
}  // namespace pecia::engine::deepseek

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pecia;
  using namespace pecia::engine::deepseek;
  if (size < size_bytes) return 0;
  std::uint32_t data_bytes = 0;
  std::memcpy(&data_bytes, data, size_bytes);
  const auto header = fuzz::text_of({data + size_bytes, size - size_bytes});
  const auto begin = 8 + header.size();
  try {
    check(parse_safetensors_header(header, begin + data_bytes, "x.safetensors"), begin, begin + data_bytes);
  } catch (const Error&) {
  }
  return 0;
}
