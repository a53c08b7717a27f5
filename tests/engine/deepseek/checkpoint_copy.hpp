#pragma once

#include <cstring>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "pecia/base/file.hpp"
#include "support/temp_folder.hpp"

namespace pecia::engine::deepseek {

/// A golden checkpoint ("a", "b", "c") or the reader's, in the source tree.
inline std::filesystem::path checkpoint(const std::string& name) {
  const auto data = std::filesystem::path{PECIA_TEST_DATA} / "deepseek";
  return name == "reader" ? data / "reader/checkpoint" : data / "golden/ckpt" / name;
}

/// The header of a .safetensors file and what follows it.
struct Shard {
  nlohmann::json header;
  std::string data;
};

inline Shard read_shard(const std::filesystem::path& file) {
  const auto bytes = read_file(file);
  std::uint64_t size = 0;
  std::memcpy(&size, bytes.data(), sizeof size);
  return {nlohmann::json::parse(bytes.substr(8, size)), bytes.substr(8 + size)};
}

inline std::string to_bytes(const std::string& header, const std::string& data) {
  const std::uint64_t size = header.size();
  std::string bytes(sizeof size, '\0');
  std::memcpy(bytes.data(), &size, sizeof size);
  return bytes + header + data;
}

/// Writes all tensors of `shard` but those that `dropped` names, without gaps.
inline void write_shard(const std::filesystem::path& file, const Shard& shard,
                        const std::function<bool(const std::string&)>& dropped = {}) {
  nlohmann::json header = nlohmann::json::object();
  std::string data;
  for (const auto& [name, tensor] : shard.header.items()) {
    if (name == "__metadata__" || (dropped && dropped(name))) continue;
    const auto begin = tensor["data_offsets"][0].get<std::size_t>();
    const auto end = tensor["data_offsets"][1].get<std::size_t>();
    header[name] = tensor;
    header[name]["data_offsets"] = {data.size(), data.size() + end - begin};
    data += shard.data.substr(begin, end - begin);
  }
  replace_file(file, to_bytes(header.dump(), data));
}

/// A checkpoint of one's own, to spoil.
class CheckpointCopy {
 public:
  explicit CheckpointCopy(const std::string& name) {
    for (const auto& entry : std::filesystem::directory_iterator{checkpoint(name)})
      std::filesystem::copy(entry.path(), folder());
  }
  [[nodiscard]] const std::filesystem::path& folder() const { return temp_.path(); }
  [[nodiscard]] std::filesystem::path shard() const {
    for (const auto& entry : std::filesystem::directory_iterator{folder()})
      if (entry.path().extension() == ".safetensors") return entry.path();
    return {};
  }
  /// Rewrites the only shard, without its index.
  void change(const std::function<void(Shard&)>& how) const {
    const auto file = shard();
    auto changed = read_shard(file);
    how(changed);
    write_shard(file, changed);
    std::filesystem::remove(folder() / "model.safetensors.index.json");
  }
  /// Rewrites config.json.
  void configure(const std::function<void(nlohmann::json&)>& how) const {
    auto json = nlohmann::json::parse(read_file(folder() / "config.json"));
    how(json);
    replace_file(folder() / "config.json", json.dump());
  }

 private:
  test::TempFolder temp_;
};

/// What `act` says when it throws an `Error`; "no error" if it does not.
inline std::string message_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace pecia::engine::deepseek
