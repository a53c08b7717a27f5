#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <qpdf/QPDFPageObjectHelper.hh>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "affine.hpp"
#include "findings.hpp"

namespace pecia::exporting::pdf {

/// More contents than this, with the forms that they paint, are a drawing, not a scan with text: they are kept as they are.
inline constexpr std::uint64_t most_content_bytes = std::uint64_t{64} << 20;

/// What contents do, and what stands in them.
struct Seen {
  std::vector<QPDFObjectHandle> image_objects;  ///< painted; without inline ones
  bool visible_text = false, invisible_text = false;
  bool inline_images = false;
  bool drawings = false;         ///< paths, shadings
  bool other_colors = false;     ///< colour spaces are chosen other than DeviceGray and DeviceRGB
  bool graphics_states = false;  ///< of the resources: transparency perhaps
  bool other_objects = false;    ///< are painted than images and forms, or such that are not there
  bool unknown_operators = false, unknown_intents = false;
  bool borrowed_resources = false;  ///< of a form that has none of its own
  bool unsound_forms = false;       ///< are cut off, or have q and Q, BT and ET that do not belong together
  bool other_text_left = false;     ///< invisible text that cannot be removed, as visible text of the same line depends on it

  void add(const Seen& other);
};

/// What a form does depends on: the form, whose resources it uses where it has none, rendering mode, Type 3 font.
using FormKey = std::tuple<QPDFObjGen, QPDFObjGen, int, bool>;

/// A form that was read.
struct Form {
  std::optional<QPDFObjectHandle> cleaned;  ///< without its invisible text, if it has any
  Seen seen;                                ///< in itself, without the forms that it paints
  std::uint32_t images = 0;                 ///< with those of these forms
  std::optional<Affine> image;              ///< unit square -> the units of what paints it, of the last of them
  std::uint64_t bytes = 0;                  ///< of its contents, decoded
  std::uint32_t deepest = 0;                ///< levels of q, with those of the forms that it paints
  std::vector<FormKey> painted;             ///< by itself
  std::vector<std::string> borrowed;        ///< names of forms that it, or one that it paints, looks up elsewhere than in its resources
};

/// Forms of a document, so that one that many pages paint is read, and written without its invisible text, once.
using KnownForms = std::map<FormKey, Form>;

/// The forms that one page paints. What is told of a page does not depend on whether pages before it have painted them.
class PageForms {
 public:
  /// `findings` may be null.
  PageForms(KnownForms& known, QPDFObjGen page, Findings* findings) : known_{known}, page_{page}, findings_{findings} {}

  /// Null: it has not been read yet. Marks it, and those that it paints, as painted by this page.
  [[nodiscard]] const Form* find(const FormKey& key);
  /// Whether the page may paint one more.
  [[nodiscard]] bool has_room() const;
  /// False if contents of so many bytes, with all before them, are too many to be followed.
  [[nodiscard]] bool may_read(std::uint64_t bytes);
  const Form& add(const FormKey& key, Form form);
  /// Keeps those that other pages may paint. Only of a page whose contents could be followed.
  void keep();
  void take_findings() const {
    if (findings_ != nullptr) findings_->take_if_many();
  }

  /// False: one cannot be followed.
  bool readable = true;
  Seen seen;  ///< in all of them

 private:
  void repeat(const FormKey& key);

  KnownForms& known_;
  QPDFObjGen page_;
  Findings* findings_;
  KnownForms fresh_;
  std::set<FormKey> painted_;
  std::uint64_t bytes_ = 0;
};

}  // namespace pecia::exporting::pdf
