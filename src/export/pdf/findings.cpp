#include "findings.hpp"

#include <string_view>

namespace pecia::exporting::pdf {
namespace {

constexpr std::size_t many = 256;
constexpr std::string_view given_up = "giving up on reading object";

}  // namespace

void Findings::take() {
  for (const auto& one : pdf_.getWarnings()) {
    const bool file = one.getFilename().starts_with(document_name);
    const auto& detail = one.getMessageDetail();
    if (file && detail.find(given_up) != std::string::npos) ++lost_objects_;
    auto& account = file ? in_file_ : in_contents_;
    if (account.count++ == 0) account.first = detail;
  }
}

void Findings::take_if_many() {
  if (pdf_.numWarnings() >= many) take();
}

}  // namespace pecia::exporting::pdf
