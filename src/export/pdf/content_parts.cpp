#include "content_parts.hpp"

#include <algorithm>
#include <array>
#include <qpdf/Pipeline.hh>
#include <qpdf/Pl_Buffer.hh>
#include <qpdf/QPDFExc.hh>

namespace pecia::exporting::pdf {
namespace {

class Counter final : public Pipeline {
 public:
  Counter() : Pipeline{"counter", nullptr} {}
  void write(unsigned char const* /*data*/, std::size_t size) override { total_ += size; }
  void finish() override {}
  [[nodiscard]] std::uint64_t total() const { return total_; }

 private:
  std::uint64_t total_ = 0;
};

}  // namespace

Affine affine_of(std::vector<QPDFObjectHandle> operands) {
  if (operands.size() < 6) return {};
  std::array<double, 6> v{};
  for (std::size_t n = 0; n < 6; ++n) {
    if (!operands[n].isNumber()) return {};
    v[n] = operands[n].getNumericValue();
  }
  return {v[0], v[1], v[2], v[3], v[4], v[5]};
}

bool is_type3(QPDFObjectHandle font) { return font.isDictionary() && font.getKey("/Subtype").isNameAndEquals("/Type3"); }

QPDFObjectHandle chosen_resource(QPDFObjectHandle resources, const char* kind, std::vector<QPDFObjectHandle> operands) {
  const auto none = QPDFObjectHandle::newNull();
  if (operands.empty() || !operands.back().isName() || !resources.isDictionary()) return none;
  auto known = resources.getKey(kind);
  return known.isDictionary() ? known.getKey(operands.back().getName()) : none;
}

int mode_after(int mode, QPDFObjectHandle number) {
  if (number.isInteger()) return static_cast<int>(std::clamp(number.getIntValue(), 0LL, 8LL));
  if (!number.isNumber()) return mode;
  return static_cast<int>(std::clamp(number.getNumericValue(), 0.0, 8.0)) == invisible_mode ? mode : 0;
}

std::string without_text(std::string_view name, std::vector<QPDFObjectHandle> operands) {
  if (name != "\"" || operands.size() < 2) return " T* ";
  return " " + operands[0].unparse() + " Tw " + operands[1].unparse() + " Tc T* ";
}

bool is_painting(std::string_view name) {
  constexpr std::array<std::string_view, 12> painting{"f", "F", "f*", "B", "B*", "b", "b*", "S", "s", "sh", "d0", "d1"};
  return std::ranges::find(painting, name) != painting.end();
}

bool is_gray_or_rgb(std::vector<QPDFObjectHandle> operands) {
  return !operands.empty() && (operands.back().isNameAndEquals("/DeviceGray") || operands.back().isNameAndEquals("/DeviceRGB"));
}

bool is_operator(std::string_view name) {
  constexpr std::array<std::string_view, 73> operators{
      "\"", "'",  "B",  "B*", "BDC", "BI", "BMC", "BT", "BX",  "CS", "DP", "Do",  "EI", "EMC", "ET", "EX", "F",  "G",  "ID",
      "J",  "K",  "M",  "MP", "Q",   "RG", "S",   "SC", "SCN", "T*", "TD", "TJ",  "TL", "Tc",  "Td", "Tf", "Tj", "Tm", "Tr",
      "Ts", "Tw", "Tz", "W",  "W*",  "b",  "b*",  "c",  "cm",  "cs", "d",  "d0",  "d1", "f",   "f*", "g",  "gs", "h",  "i",
      "j",  "k",  "l",  "m",  "n",   "q",  "re",  "rg", "ri",  "s",  "sc", "scn", "sh", "v",   "w",  "y"};
  static_assert(std::ranges::is_sorted(operators));
  return std::ranges::binary_search(operators, name);
}

bool is_rendering_intent(QPDFObjectHandle name) {
  constexpr std::array<const char*, 4> intents{"/AbsoluteColorimetric", "/RelativeColorimetric", "/Saturation", "/Perceptual"};
  return std::ranges::any_of(intents, [&](const auto* intent) { return name.isNameAndEquals(intent); });
}

bool uses_resources(std::string_view name, std::vector<QPDFObjectHandle> operands) {
  if (name == "Do" || name == "Tf" || name == "gs" || name == "sh") return true;
  const bool perhaps = name == "scn" || name == "SCN" || name == "BDC" || name == "DP";
  return perhaps && !operands.empty() && operands.back().isName();
}

bool has_more_than_comments(std::string_view contents) {
  constexpr std::string_view white{"\0\t\n\f\r ", 6};
  while (true) {
    contents.remove_prefix(std::min(contents.find_first_not_of(white), contents.size()));
    if (contents.empty() || contents.front() != '%') return !contents.empty();
    contents.remove_prefix(std::min(contents.find_first_of("\r\n"), contents.size()));
  }
}

std::string applied(const std::string& contents, const std::vector<Edit>& edits) {
  std::string out;
  std::size_t at = 0;
  for (const auto& edit : edits) {
    out.append(contents, at, edit.begin - at);
    out += edit.by;
    at = edit.end;
  }
  return out.append(contents, at);
}

std::string bytes_of(QPDFPageObjectHelper holder) {
  Pl_Buffer buffer{"contents"};
  holder.pipeContents(&buffer);
  const auto data = buffer.getBufferSharedPointer();
  return {reinterpret_cast<const char*>(data->getBuffer()), data->getSize()};
}

std::uint64_t size_of(QPDFPageObjectHelper holder) {
  Counter counter;
  holder.pipeContents(&counter);
  return counter.total();
}

std::optional<std::string> decoded(QPDFObjectHandle stream) {
  constexpr std::uint64_t most_bytes = std::uint64_t{16} << 20;
  try {
    Counter counter;
    stream.pipeStreamData(&counter, 0, qpdf_dl_generalized);
    if (counter.total() > most_bytes) return std::nullopt;
    const auto data = stream.getStreamData();
    return std::string{reinterpret_cast<const char*>(data->getBuffer()), data->getSize()};
  } catch (const QPDFExc&) {
    return std::nullopt;
  }
}

}  // namespace pecia::exporting::pdf
