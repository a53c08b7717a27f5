#include "safetensors.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <unordered_set>
#include <utility>

#include "pecia/base/error.hpp"
#include "pecia/base/json.hpp"
#include "pecia/base/text.hpp"

namespace pecia::engine::deepseek {
namespace {

using Json = nlohmann::json;

constexpr std::uint64_t length_bytes = 8;
constexpr std::uint64_t most_header_bytes = 100'000'000;  // the limit of the format's own library
constexpr std::string_view fetch_again = "Fetch the file again (docs/deepseek.md)";

[[noreturn]] void refuse(const std::string& file, std::string_view problem) {
  throw Error{fmt::format("'{}': {}. {}", file, problem, fetch_again)};
}

/// Bytes per element; 0: no such type.
std::uint64_t element_bytes(std::string_view dtype) {
  static constexpr std::array<std::pair<std::string_view, int>, 14> sizes{{{"F32", 4},
                                                                           {"BF16", 2},
                                                                           {"F16", 2},
                                                                           {"F64", 8},
                                                                           {"F8_E4M3", 1},
                                                                           {"F8_E5M2", 1},
                                                                           {"I64", 8},
                                                                           {"I32", 4},
                                                                           {"I16", 2},
                                                                           {"I8", 1},
                                                                           {"U64", 8},
                                                                           {"U32", 4},
                                                                           {"U16", 2},
                                                                           {"U8", 1}}};
  for (const auto& [name, bytes] : sizes)
    if (name == dtype) return static_cast<std::uint64_t>(bytes);
  return dtype == "BOOL" ? 1 : 0;
}

/// The header as JSON; a key that comes twice, which nlohmann would let pass, is refused.
Json parse(std::string_view text, const std::string& file) {
  std::unordered_set<std::string> names, fields;
  const auto on_event = [&](int depth, Json::parse_event_t event, Json& value) {
    if (event == Json::parse_event_t::object_start && depth == 1) fields.clear();
    if (event != Json::parse_event_t::key || depth > 2) return true;
    const auto& key = value.get_ref<const std::string&>();
    if (!(depth == 1 ? names : fields).insert(key).second)
      refuse(file, fmt::format("'{}' comes twice in its header", printable(key)));
    return true;
  };
  try {
    return Json::parse(text, on_event);
  } catch (const Json::exception& error) {
    refuse(file, fmt::format("its header is no JSON ({})", to_utf8(error.what())));
  }
}

StoredTensor parse_tensor(const std::string& name, const Json& fields) {
  StoredTensor tensor;
  tensor.name = name;
  for (const auto& [key, value] : fields.items()) {
    if (key == "dtype") {
      tensor.dtype = value.get<std::string>();
    } else if (key == "shape") {
      for (const auto& side : value.get_ref<const Json::array_t&>()) {
        tensor.shape.push_back(whole_number<std::int64_t>(side));
        require(tensor.shape.back() >= 0, "a side of the shape is negative");
      }
    } else if (key == "data_offsets") {
      require(value.is_array() && value.size() == 2, "data_offsets are not two numbers");
      tensor.begin = whole_number<std::uint64_t>(value[0]);
      tensor.end = whole_number<std::uint64_t>(value[1]);
      require(tensor.begin <= tensor.end, "it ends before it begins");
    } else {
      throw Error{fmt::format("unknown field '{}'", printable(key))};
    }
  }
  require(fields.size() == 3, "dtype, shape or data_offsets is missing");
  return tensor;
}

void check_size(const StoredTensor& tensor) {
  auto bytes = element_bytes(tensor.dtype);
  if (bytes == 0) throw Error{fmt::format("unknown dtype '{}'", printable(tensor.dtype))};
  for (const auto side : tensor.shape) {
    if (__builtin_mul_overflow(bytes, static_cast<std::uint64_t>(side), &bytes))
      throw Error{"its shape has more elements than can be"};
  }
  if (bytes != tensor.end - tensor.begin)
    throw Error{fmt::format("dtype and shape make {} bytes, data_offsets {}", bytes,
                            tensor.end - tensor.begin)};
}

/// `tensors` sorted; offsets still count from the header's end.
void check_cover(const std::vector<StoredTensor>& tensors, std::uint64_t data_bytes,
                 const std::string& file) {
  std::uint64_t end = 0;
  const StoredTensor* before = nullptr;
  for (const auto& tensor : tensors) {
    if (tensor.begin != end)
      refuse(file,
             fmt::format("tensor '{}' begins at byte {} of the data, {} {}", printable(tensor.name),
                         tensor.begin,
                         tensor.begin < end ? "inside the one before it:" : "after a gap from",
                         tensor.begin < end ? printable(before->name) : std::to_string(end)));
    end = tensor.end;
    before = &tensor;
  }
  if (end > data_bytes)
    refuse(file,
           fmt::format("it ends {} bytes too early: its header describes {} bytes of tensors, "
                       "{} are there",
                       end - data_bytes, end, data_bytes));
  if (end < data_bytes)
    refuse(file, fmt::format("{} bytes at its end belong to no tensor", data_bytes - end));
}

}  // namespace

std::optional<TensorType> tensor_type(std::string_view dtype) noexcept {
  if (dtype == "F32") return TensorType::f32;
  if (dtype == "BF16") return TensorType::bf16;
  if (dtype == "F16") return TensorType::f16;
  return std::nullopt;
}

std::vector<StoredTensor> parse_safetensors_header(std::string_view json, std::uint64_t file_bytes,
                                                   const std::string& file) {
  const auto data_begin = length_bytes + json.size();
  if (file_bytes < data_begin) refuse(file, "it ends within its header");
  const auto header = parse(json, file);
  if (!header.is_object()) refuse(file, "its header is no JSON object");
  std::vector<StoredTensor> tensors;
  for (const auto& [name, fields] : header.items()) {
    if (name == "__metadata__") continue;
    try {
      require(fields.is_object(), "its description is no JSON object");
      tensors.push_back(parse_tensor(name, fields));
      check_size(tensors.back());
    } catch (const std::exception& error) {  // Error, and nlohmann's on a value of the wrong kind
      refuse(file, fmt::format("tensor '{}': {}", printable(name), to_utf8(error.what())));
    }
  }
  std::sort(tensors.begin(), tensors.end(), [](const auto& a, const auto& b) {
    return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
  });
  check_cover(tensors, file_bytes - data_begin, file);
  for (auto& tensor : tensors) {
    tensor.begin += data_begin;
    tensor.end += data_begin;
  }
  return tensors;
}

std::vector<StoredTensor> read_safetensors_header(int fd, const std::filesystem::path& file) {
  const auto shown = printable(file.native());
  struct stat is {};
  if (::fstat(fd, &is) != 0) throw storage_error(errno, "cannot stat", shown);
  if (!S_ISREG(is.st_mode)) refuse(shown, "it is no regular file");
  const auto file_bytes = static_cast<std::uint64_t>(is.st_size);
  if (file_bytes < length_bytes) refuse(shown, fmt::format("it has {} bytes only", file_bytes));
  std::array<std::byte, length_bytes> first;
  read_at(fd, 0, first, file);
  const auto size = std::bit_cast<std::uint64_t>(first);
  if (size > most_header_bytes)
    refuse(shown, fmt::format("it is no safetensors file (a header of {} bytes)", size));
  if (size > file_bytes - length_bytes) refuse(shown, "it ends within its header");
  std::string json(size, '\0');
  read_at(fd, length_bytes, std::as_writable_bytes(std::span{json}), file);
  return parse_safetensors_header(json, file_bytes, shown);
}

void read_at(int fd, std::uint64_t offset, std::span<std::byte> into,
             const std::filesystem::path& file) {
  while (!into.empty()) {
    const auto got = ::pread(fd, into.data(), into.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    const auto shown = printable(file.native());
    if (got < 0)
      throw storage_error(errno, fmt::format("cannot read at byte {} of", offset), shown);
    if (got == 0)
      refuse(shown,
             fmt::format("it ends at byte {}, where {} more are wanted: it has become shorter "
                         "since it was opened",
                         offset, into.size()));
    offset += static_cast<std::uint64_t>(got);
    into = into.subspan(static_cast<std::size_t>(got));
  }
}

}  // namespace pecia::engine::deepseek
