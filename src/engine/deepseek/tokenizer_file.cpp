#include "tokenizer_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

#include "pecia/base/error.hpp"
#include "pecia/base/json.hpp"
#include "pecia/base/text.hpp"

namespace pecia::engine::deepseek {
namespace {

using Json = nlohmann::json;

/// Far more than any vocabulary has; keeps a damaged id from asking for all memory.
constexpr std::int32_t ids_limit = 1 << 20;
constexpr std::size_t deepest = 32;

/// Takes vocabulary and merges, nearly all of the file, as they go by; the rest becomes a tree.
class FileReader : public nlohmann::json_sax<Json> {
 public:
  FileReader(const std::string& name, TokenizerFile& file) : name_{name}, file_{file} {}
  [[nodiscard]] const Json& tree() const noexcept { return root_; }

  bool null() override { return put(nullptr); }
  bool boolean(bool value) override { return put(value); }
  bool number_integer(number_integer_t value) override { return put(value); }
  bool number_unsigned(number_unsigned_t value) override {
    if (where_ != Where::vocabulary) return put(value);
    if (std::cmp_greater_equal(value, ids_limit)) out_of_range(fmt::to_string(value));
    file_.vocabulary.emplace_back(key_text_, static_cast<std::int32_t>(value));
    return true;
  }
  bool number_float(number_float_t value, const string_t& text) override {
    if (where_ == Where::vocabulary) out_of_range(text);
    return put(value);
  }
  bool string(string_t& value) override {
    if (where_ == Where::pair) return put_half(value);
    return where_ == Where::merges ? put_merge(value) : put(value);
  }
  bool binary(binary_t& value) override { return put(value); }
  bool key(string_t& value) override {
    if (where_ == Where::vocabulary) key_text_ = keep(value);
    key_ = value;
    if (stack_.size() == 1) section_ = value;
    return true;
  }
  bool start_object(std::size_t) override {
    if (is_of_the_model("vocab")) {
      where_ = Where::vocabulary;
      return true;
    }
    return open(Json::object());
  }
  bool end_object() override {
    if (where_ == Where::vocabulary) {
      where_ = Where::tree;
      return true;
    }
    stack_.pop_back();
    return true;
  }
  bool start_array(std::size_t) override {
    if (where_ == Where::merges) {
      where_ = Where::pair;
      halves_ = 0;
      return true;
    }
    if (is_of_the_model("merges")) {
      where_ = Where::merges;
      return true;
    }
    return open(Json::array());
  }
  bool end_array() override {
    if (where_ == Where::pair) {
      if (halves_ != 2) bad_merge();
      file_.merges.push_back(pair_);
      where_ = Where::merges;
    } else if (where_ == Where::merges) {
      where_ = Where::tree;
    } else {
      stack_.pop_back();
    }
    return true;
  }
  bool parse_error(std::size_t at, const std::string&, const Json::exception& error) override {
    refuse_tokenizer(name_,
                     fmt::format("it is not JSON at byte {}: {}", at, printable(error.what())));
  }

 private:
  enum class Where : std::uint8_t { tree, vocabulary, merges, pair };

  [[nodiscard]] bool is_of_the_model(const char* key) const {
    return where_ == Where::tree && stack_.size() == 2 && section_ == "model" && key_ == key;
  }

  [[noreturn]] void out_of_range(const std::string& id) const {
    refuse_tokenizer(name_, fmt::format("the id of the vocabulary's '{}' is {}, not one of 0 to {}",
                                        printable(key_text_), id, ids_limit - 1));
  }
  [[noreturn]] void bad_merge() const {
    refuse_tokenizer(name_, fmt::format("merge {} is not two tokens", file_.merges.size()));
  }
  std::string_view keep(std::string_view text) {
    auto* const into = static_cast<char*>(file_.text->allocate(text.size() + 1, 1));
    std::ranges::copy(text, into);
    return {into, text.size()};
  }
  bool put_half(std::string_view token) {
    if (halves_ == 2) bad_merge();
    pair_[halves_++] = keep(token);
    return true;
  }
  bool put_merge(std::string_view both) {
    const auto space = both.find(' ');
    if (space == std::string_view::npos || both.find(' ', space + 1) != std::string_view::npos)
      bad_merge();
    file_.merges.push_back({keep(both.substr(0, space)), keep(both.substr(space + 1))});
    return true;
  }
  /// The place of a value in the tree.
  template <class Value>
  Json* place(Value&& value) {
    if (where_ == Where::vocabulary) out_of_range(Json(value).dump());
    if (where_ != Where::tree) bad_merge();
    if (stack_.empty()) return &(root_ = std::forward<Value>(value));
    auto& parent = *stack_.back();
    if (parent.is_array()) return &parent.emplace_back(std::forward<Value>(value));
    return &(parent[key_] = std::forward<Value>(value));
  }
  template <class Value>
  bool put(Value&& value) {
    place(std::forward<Value>(value));
    return true;
  }
  bool open(Json container) {
    if (stack_.size() == deepest) refuse_tokenizer(name_, "it is nested too deeply");
    stack_.push_back(place(std::move(container)));
    return true;
  }

  const std::string& name_;
  TokenizerFile& file_;
  Json root_;
  std::vector<Json*> stack_;
  std::string key_, section_;
  std::string_view key_text_;
  Where where_ = Where::tree;
  std::array<std::string_view, 2> pair_;
  std::size_t halves_ = 0;
};

/// What the rest of the file must say, since nothing else is implemented.
class Checker {
 public:
  Checker(const std::string& name, const Json& root) : name_{name}, root_{root} {}

  void check_model() const {
    const auto& model = member(root_, "model");
    want(text_of(model, "type") == "BPE", "its model is not BPE");
    for (const auto* key :
         {"dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix"}) {
      const auto& value = member(model, key);
      want(value.is_null() || value == "",
           fmt::format("its model has a '{}', which is not implemented", key));
    }
    for (const auto* key : {"byte_fallback", "ignore_merges"}) {
      const auto& value = member(model, key);
      want(value.is_null() || value == false,
           fmt::format("its model has '{}' on, which is not implemented", key));
    }
  }
  void check_normalizer() const {
    const auto& normalizer = member(root_, "normalizer");
    const auto& parts = member(normalizer, "normalizers");
    want(normalizer.is_null() ||
             (text_of(normalizer, "type") == "Sequence" && parts.is_array() && parts.empty()),
         "it has a normalizer, which is not implemented");
  }
  [[nodiscard]] std::vector<std::string> expressions() const {
    const auto& pre_tokenizer = member(root_, "pre_tokenizer");
    const auto& steps = member(pre_tokenizer, "pretokenizers");
    want(text_of(pre_tokenizer, "type") == "Sequence" && steps.is_array() && !steps.empty(),
         "its pre_tokenizer is not a Sequence");
    std::vector<std::string> found;
    for (std::size_t n = 0; n + 1 < steps.size(); ++n) found.push_back(expression(steps[n], n));
    const auto& last = steps.back();
    want(text_of(last, "type") == "ByteLevel" && member(last, "add_prefix_space") == false &&
             member(last, "use_regex") == false,
         "its pre_tokenizer does not end with ByteLevel without add_prefix_space and use_regex");
    return found;
  }
  void check_decoder() const {
    want(text_of(member(root_, "decoder"), "type") == "ByteLevel", "its decoder is not ByteLevel");
  }
  /// Calls take(content, id) for each.
  template <class Take>
  void each_added_token(Take take) const {
    const auto& tokens = member(root_, "added_tokens");
    want(tokens.is_array(), "it has no list of added_tokens");
    for (std::size_t n = 0; n < tokens.size(); ++n) {
      const auto& token = tokens[n];
      const auto content = text_of(token, "content");
      const auto& id = member(token, "id");
      want(!content.empty(), fmt::format("added token {} has no content", n));
      want(id.is_number_unsigned() && id.get<std::uint64_t>() < ids_limit,
           fmt::format("the id of added token {} ('{}') is {}, not one of 0 to {}", n,
                       printable(content), id.dump(), ids_limit - 1));
      for (const auto* key : {"lstrip", "rstrip", "single_word"}) {
        want(member(token, key) != true,
             fmt::format("added token {} ('{}') has '{}' on, which is not implemented", n,
                         printable(content), key));
      }
      take(content, whole_number<std::int32_t>(id));
    }
  }

 private:
  void want(bool holds, const std::string& problem) const {
    if (!holds) refuse_tokenizer(name_, problem);
  }
  /// Null where there is none.
  [[nodiscard]] static const Json& member(const Json& parent, const char* key) {
    static const Json none;
    if (!parent.is_object()) return none;
    const auto found = parent.find(key);
    return found == parent.end() ? none : *found;
  }
  [[nodiscard]] static std::string text_of(const Json& parent, const char* key) {
    const auto& value = member(parent, key);
    return value.is_string() ? value.get<std::string>() : std::string{};
  }
  [[nodiscard]] std::string expression(const Json& step, std::size_t n) const {
    const auto& pattern = member(member(step, "pattern"), "Regex");
    want(text_of(step, "type") == "Split" && pattern.is_string() &&
             text_of(step, "behavior") == "Isolated" && member(step, "invert") != true,
         fmt::format(
             "step {} of its pre_tokenizer is not a Split by a Regex with behavior Isolated", n));
    return pattern.get<std::string>();
  }

  const std::string& name_;
  const Json& root_;
};

}  // namespace

void refuse_tokenizer(const std::string& name, const std::string& problem) {
  throw Error{fmt::format(
      "cannot use the tokenizer '{}': {}. Compare it with the published one, and download it again",
      printable(name), problem)};
}

TokenizerFile read_tokenizer_file(std::string_view json, const std::string& name) {
  TokenizerFile file;
  file.text = std::make_unique<std::pmr::monotonic_buffer_resource>(json.size() / 4 + 4096);
  FileReader reader{name, file};
  Json::sax_parse(json.begin(), json.end(), &reader);
  const Checker checker{name, reader.tree()};
  checker.check_model();
  checker.check_normalizer();
  checker.check_decoder();
  file.expressions = checker.expressions();
  checker.each_added_token([&](const std::string& content, std::int32_t id) {
    auto* const into = static_cast<char*>(file.text->allocate(content.size(), 1));
    std::ranges::copy(content, into);
    file.added.emplace_back(std::string_view{into, content.size()}, id);
  });
  return file;
}

}  // namespace pecia::engine::deepseek
