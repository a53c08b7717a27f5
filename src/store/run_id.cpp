#include "pecia/store/run_id.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "pecia/base/error.hpp"
#include "pecia/base/file.hpp"

namespace pecia::store {
namespace {

constexpr auto file_name = "run_id";
constexpr std::size_t digits = 32;

bool is_hexadecimal(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

}  // namespace

std::string run_id(const RunPaths& run) {
  const auto file = run.root / file_name;
  std::error_code unknown;
  if (!std::filesystem::exists(file, unknown)) return {};
  auto id = read_file(file);
  if (id.ends_with('\n')) id.pop_back();
  return id.size() == digits && std::ranges::all_of(id, is_hexadecimal) ? id : std::string{};
}

void make_run_id(const RunPaths& run) {
  std::random_device chance;
  std::string id;
  for (int n = 0; n < 4; ++n) id += fmt::format("{:08x}", static_cast<std::uint32_t>(chance()));
  replace_file(run.root / file_name, id + "\n", Durability::whole);
}

}  // namespace pecia::store
