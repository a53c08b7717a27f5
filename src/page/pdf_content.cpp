#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "page_cover.hpp"
#include "pdf_page.hpp"

namespace pecia::page {
namespace {

using PoDoFo::PdfName;
using PoDoFo::PdfObject;
using PoDoFo::PdfVariant;

constexpr int deepest_form = 100;  ///< as deep as Poppler goes
/// Forms may nest so that a short file paints for ever: no rasteriser gets done with much more than this.
constexpr std::uint64_t most_repeated_operators = 10'000'000;
/// What is looked into of a page. Drawings and maps may have more: a rasteriser takes the time that it has.
constexpr std::uint64_t most_operators = 10'000'000;
constexpr std::uint64_t most_content_bytes = std::uint64_t{256} << 20;
constexpr int invisible_text = 3, clip_text = 7;
/// A clip that cuts off no more than this share of the page cuts off nothing.
constexpr double clip_tolerance = 0.02;
/// An image of the page, or all of its strips, covers at least this share of it.
constexpr double page_cover = 0.85;
/// Forms with images are walked each time that they are painted, as far as their contents are no more than this.
constexpr std::uint64_t most_walked_again_bytes = std::uint64_t{1} << 20;

Matrix matrix_of(PdfObject* value) {
  value = resolved(value);
  if (!value || !value->IsArray() || value->GetArray().GetSize() < 6) return {};
  const auto at = [&](std::size_t n) { return number_of(&value->GetArray()[n], 0); };
  return {at(0), at(1), at(2), at(3), at(4), at(5)};
}

/// There is more than is looked into.
struct LooksNoFurther {};

/// Takes what a filter makes of a short stream only as far as is looked.
class BoundedStream final : public PoDoFo::PdfOutputStream {
 public:
  PoDoFo::pdf_long Write(const char* bytes, PoDoFo::pdf_long length) override {
    if (contents.size() + static_cast<std::size_t>(length) > most_content_bytes) throw LooksNoFurther{};
    contents.append(bytes, static_cast<std::size_t>(length));
    return length;
  }
  void Close() override {}
  std::string contents;
};

std::string stream_of(PdfObject* object) {
  object = resolved(object);
  if (!object || !object->HasStream()) return {};
  BoundedStream stream;
  object->GetStream()->GetFilteredCopy(&stream);
  return std::move(stream.contents);
}

std::string contents_of(const PdfPageNode& page) {
  auto* contents = page.object->GetIndirectKey("Contents");
  if (!contents || !contents->IsArray()) return stream_of(contents);
  std::string all;
  for (auto& part : contents->GetArray()) {
    auto* target = part.IsReference() ? page.object->GetOwner()->GetObject(part.GetReference()) : &part;
    all += stream_of(target) + "\n";  // a token never spans two streams
  }
  return all;
}

/// The box of a unit square, or of a rectangle, under a matrix.
PdfBox image_of(const Matrix& m, double x, double y, double width, double height) {
  PdfBox box{INFINITY, INFINITY, -INFINITY, -INFINITY};
  for (const auto& [px, py] : {std::pair{x, y}, {x + width, y}, {x, y + height}, {x + width, y + height}}) {
    const double qx = m.a * px + m.c * py + m.e, qy = m.b * px + m.d * py + m.f;
    box = {std::min(box.x0, qx), std::min(box.y0, qy), std::max(box.x1, qx), std::max(box.y1, qy)};
  }
  return box;
}

class ContentWalk {
 public:
  explicit ContentWalk(const PdfPageNode& page) : page_{page}, under_images_{page.crop}, under_opaque_images_{page.crop} {}

  void run(const std::string& contents, PdfObject* resources, const Matrix& start, int depth) {
    painting_.content_bytes += contents.size();
    if (painting_.content_bytes > most_content_bytes) throw LooksNoFurther{};
    State state;
    state.ctm = start;
    std::vector<State> saved;
    std::vector<PdfVariant> operands;
    PoDoFo::PdfContentsTokenizer tokens{contents.data(), static_cast<long>(contents.size())};
    PoDoFo::EPdfContentsType type{};
    const char* keyword = nullptr;
    PdfVariant value;
    while (tokens.ReadNext(type, keyword, value)) {
      if (type == PoDoFo::ePdfContentsType_Variant) {
        operands.push_back(value);
        continue;
      }
      if (type == PoDoFo::ePdfContentsType_ImageData) {
        painting_.other = true;
        continue;
      }
      if (++operators_ - repeated_ > most_operators) throw LooksNoFurther{};
      const std::string_view name{keyword};
      if (name == "q") {
        saved.push_back(state);
      } else if (name == "Q") {
        if (!saved.empty()) state = saved.back(), saved.pop_back();
      } else {
        apply(name, operands, state, resources, depth);
      }
      operands.clear();
    }
  }
  PdfPainting take() { return std::move(painting_); }

 private:
  struct State {
    Matrix ctm;
    int text_mode = 0;
    PdfObject* font = nullptr;
  };
  struct Path {
    int rectangles = 0;
    bool complex = false;
    PdfBox last;
  };

  static double at(const std::vector<PdfVariant>& operands, std::size_t n) {
    if (n >= operands.size()) return 0;
    return operands[n].IsNumber() || operands[n].IsReal() ? operands[n].GetReal() : 0;
  }

  void apply(std::string_view name, const std::vector<PdfVariant>& operands, State& state, PdfObject* resources, int depth) {
    static const std::set<std::string_view> paints{"f", "F", "f*", "B", "B*", "b", "b*", "S", "s", "sh"};
    static const std::set<std::string_view> builds{"m", "l", "c", "v", "y", "h"};
    static const std::set<std::string_view> shows{"Tj", "TJ", "'", "\""};
    if (name == "cm") {
      state.ctm = Matrix{at(operands, 0), at(operands, 1), at(operands, 2), at(operands, 3), at(operands, 4), at(operands, 5)} * state.ctm;
    } else if (name == "Tr") {
      state.text_mode = int_of(at(operands, 0));
    } else if (name == "Tf") {
      if (!operands.empty() && operands[0].IsName()) state.font = resource(resources, "Font", operands[0].GetName());
    } else if (shows.contains(name)) {
      note_text(operands, state);
      if (state.text_mode == clip_text) painting_.other = true;  // what follows is seen through the letters
      if (state.text_mode != invisible_text && state.text_mode != clip_text) ++painting_.text_operators;
    } else if (name == "re") {
      ++path_.rectangles;
      path_.last = image_of(state.ctm, at(operands, 0), at(operands, 1), at(operands, 2), at(operands, 3));
    } else if (builds.contains(name)) {
      path_.complex = true;
    } else if (name == "W" || name == "W*") {
      clip();
    } else if (paints.contains(name)) {
      painting_.other = true;
      path_ = {};
    } else if (name == "n") {
      path_ = {};
    } else if (name == "Do") {
      if (!operands.empty() && operands[0].IsName()) paint_object(operands[0].GetName(), state, resources, depth);
    } else if (name == "gs") {
      if (!operands.empty() && operands[0].IsName()) look_at_state(operands[0].GetName(), resources);
    } else if (name == "BDC") {
      if (!operands.empty() && operands[0].IsName() && operands[0].GetName() == PdfName{"OC"}) painting_.other = true;
    }
  }

  void note_text(const std::vector<PdfVariant>& operands, const State& state) {
    const auto bytes_in = [](const PdfVariant& value) {
      return value.IsString() || value.IsHexString() ? static_cast<std::uint64_t>(std::max<std::int64_t>(0, value.GetString().GetLength())) : 0;
    };
    std::uint64_t bytes = 0;
    for (const auto& operand : operands) {
      bytes += bytes_in(operand);
      if (!operand.IsArray()) continue;
      for (const auto& part : operand.GetArray()) bytes += bytes_in(part);
    }
    const bool hidden = state.text_mode == invisible_text || state.text_mode == clip_text;
    (hidden ? painting_.text.hidden_bytes : painting_.text.shown_bytes) += bytes;
    if (!is_mapped(state.font)) painting_.text.unmapped_bytes += bytes;
  }

  bool is_mapped(PdfObject* font) {
    if (!font || !font->IsDictionary()) return true;
    const auto [known, is_new] = mapped_fonts_.emplace(font, true);
    if (is_new) known->second = maps_to_characters(*font);
    return known->second;
  }

  /// What is painted on top hides what was there; so do the strips of an image together.
  void note_image(PdfObject& image, const Matrix& to_page) {
    ++images_;
    const auto box = image_of(to_page, 0, 0, 1, 1);
    if (covers_most(box, under_images_)) painting_.text.over_image = true;
    const bool opaque = !image.GetIndirectKey("SMask") && !image.GetIndirectKey("Mask") && !image.GetIndirectKeyAsBool("ImageMask", false);
    if (!opaque || !covers_most(box, under_opaque_images_)) return;
    painting_.text.hidden_bytes += std::exchange(painting_.text.shown_bytes, 0);
    under_opaque_images_.clear();  // what is shown from now on is hidden by what follows
  }

  /// Alone, or with what there was before.
  [[nodiscard]] bool covers_most(const PdfBox& box, PageCover& cover) const {
    const auto& crop = page_.crop;
    const double width = std::min(box.x1, crop.x1) - std::max(box.x0, crop.x0);
    const double height = std::min(box.y1, crop.y1) - std::max(box.y0, crop.y0);
    if (width > 0 && height > 0 && width * height >= page_cover * crop.width() * crop.height()) return true;
    cover.add(box);
    return cover.share() >= page_cover;
  }

  [[nodiscard]] bool covers_page(const PdfBox& box) const {
    const auto& crop = page_.crop;
    const double dx = clip_tolerance * crop.width(), dy = clip_tolerance * crop.height();
    return box.x0 <= crop.x0 + dx && box.x1 >= crop.x1 - dx && box.y0 <= crop.y0 + dy && box.y1 >= crop.y1 - dy;
  }

  void clip() {
    if (path_.complex || path_.rectangles != 1 || !covers_page(path_.last)) painting_.other = true;
  }

  /// A form's /BBox clips what it paints.
  [[nodiscard]] bool shows_all(PdfObject& form, const Matrix& to_page) const {
    auto* box = form.GetIndirectKey("BBox");
    if (!box || !box->IsArray() || box->GetArray().GetSize() < 4) return true;
    const auto at = [&](std::size_t n) { return number_of(&box->GetArray()[n], 0); };
    return covers_page(image_of(to_page, at(0), at(1), at(2) - at(0), at(3) - at(1)));
  }

  static PdfObject* resource(PdfObject* resources, const char* kind, const PdfName& name) {
    resources = resolved(resources);
    if (!resources || !resources->IsDictionary()) return nullptr;
    auto* group = resources->GetIndirectKey(kind);
    return group && group->IsDictionary() ? group->GetIndirectKey(name) : nullptr;
  }

  /// Blend modes in which an image over white paper looks like the image (ISO 32000-1, 11.3.5).
  static bool leaves_white_as_it_is(PdfObject* mode) {
    static const std::set<PdfName> modes{"Normal", "Compatible", "Multiply", "Darken"};
    if (mode && mode->IsArray() && !mode->GetArray().empty()) mode = &mode->GetArray()[0];
    return !mode || (mode->IsName() && modes.contains(mode->GetName()));
  }

  void look_at_state(const PdfName& name, PdfObject* resources) {
    auto* state = resource(resources, "ExtGState", name);
    if (!state || !state->IsDictionary()) return;
    auto* mask = state->GetIndirectKey("SMask");
    const bool masks = mask && !(mask->IsName() && mask->GetName() == PdfName{"None"});
    if (masks || number_of(state->GetIndirectKey("ca"), 1) < 1 || !leaves_white_as_it_is(state->GetIndirectKey("BM"))) painting_.other = true;
  }

  void paint_object(const PdfName& name, const State& state, PdfObject* resources, int depth) {
    auto* object = resource(resources, "XObject", name);
    if (!object || !object->IsDictionary() || !object->HasStream()) {
      painting_.other = true;  // broken; a rasteriser may know what to make of it
      return;
    }
    if (object->GetIndirectKey("OC")) painting_.other = true;
    const auto kind = object->GetIndirectKeyAsName("Subtype");
    if (kind == PdfName{"Image"}) {
      if (painting_.images.size() < 2) painting_.images.push_back({object, state.ctm});
      note_image(*object, state.ctm);
      if (sized_.insert(object).second) painting_.image_bytes += static_cast<std::uint64_t>(std::max<std::int64_t>(0, object->GetStream()->GetLength()));
      return;
    }
    if (open_forms_.contains(object)) {
      painting_.other = true;
      return;
    }
    if (depth >= deepest_form)
      throw PageError{Reason::too_large, fmt::format("the page's forms nest within each other deeper than {} levels", deepest_form)};
    if (const auto form = walked_.find(object); form != walked_.end()) {
      if (!is_worth_walking_again(form->second)) return paint_again(form->second);
      walked_again_bytes_ += form->second.content_bytes;
    }
    auto* group = object->GetIndirectKey("Group");
    if (group && group->IsDictionary() && group->GetIndirectKeyAsName("S") == PdfName{"Transparency"} && painting_.images.size() > 0)
      painting_.other = true;
    open_forms_.insert(object);
    auto* own = object->GetIndirectKey("Resources");
    const auto start = matrix_of(object->GetIndirectKey("Matrix")) * state.ctm;
    const auto images_before = images_;
    const auto bytes_before = painting_.content_bytes;
    const auto operators_before = operators_;
    const auto operators_of_text_before = painting_.text_operators;
    const auto text_before = painting_.text;
    run(stream_of(object), own ? own : resources, start, depth + 1);
    if (images_ > images_before && !shows_all(*object, start)) painting_.other = true;
    open_forms_.erase(object);
    walked_[object] = {operators_ - operators_before, painting_.text_operators - operators_of_text_before,
                       added(text_before, painting_.text), painting_.content_bytes - bytes_before, images_ > images_before};
  }

  /// What a form painted when it was walked.
  struct Form {
    std::uint64_t operators = 0;
    std::uint32_t text_operators = 0;
    TextSigns text;
    std::uint64_t content_bytes = 0;
    bool has_images = false;
  };

  /// Its images hide what is shown where it is painted this time.
  [[nodiscard]] bool is_worth_walking_again(const Form& form) const {
    return form.has_images && (!is_no_image() || walked_again_bytes_ + form.content_bytes <= most_walked_again_bytes);
  }

  /// An image may have hidden what was shown before.
  static TextSigns added(const TextSigns& before, const TextSigns& after) {
    TextSigns more;
    more.shown_bytes = after.shown_bytes - std::min(before.shown_bytes, after.shown_bytes);
    more.hidden_bytes = after.hidden_bytes - before.hidden_bytes;
    more.unmapped_bytes = after.unmapped_bytes - before.unmapped_bytes;
    return more;
  }

  [[nodiscard]] bool is_no_image() const { return painting_.other || painting_.images.size() > 1; }

  /// Forms may nest so that walking does not end either: they are walked once where that tells all.
  void paint_again(const Form& form) {
    repeat(form.operators);
    painting_.text_operators += form.text_operators;
    painting_.text.shown_bytes += form.text.shown_bytes;
    painting_.text.hidden_bytes += form.text.hidden_bytes;
    painting_.text.unmapped_bytes += form.text.unmapped_bytes;
    if (!form.has_images) return;
    ++images_;
    if (painting_.images.size() < 2) painting_.images.push_back(painting_.images.front());
  }

  void repeat(std::uint64_t operators) {
    operators_ += operators;
    repeated_ += operators;
    if (repeated_ > most_repeated_operators)
      throw PageError{Reason::too_large, fmt::format("the page's forms paint each other so often that more than {} operators are repeats: no "
                                                     "rasteriser would come to an end", most_repeated_operators)};
  }

  const PdfPageNode& page_;
  PdfPainting painting_;
  Path path_;
  PageCover under_images_, under_opaque_images_;
  std::uint64_t images_ = 0, walked_again_bytes_ = 0;
  std::uint64_t operators_ = 0;  ///< as they are painted,
  std::uint64_t repeated_ = 0;   ///< and of these, those of forms that were not walked again
  std::set<PdfObject*> open_forms_, sized_;
  std::map<PdfObject*, Form> walked_;
  std::map<PdfObject*, bool> mapped_fonts_;
};

}  // namespace

Matrix operator*(const Matrix& one, const Matrix& two) {
  return {one.a * two.a + one.b * two.c,         one.a * two.b + one.b * two.d,
          one.c * two.a + one.d * two.c,         one.c * two.b + one.d * two.d,
          one.e * two.a + one.f * two.c + two.e, one.e * two.b + one.f * two.d + two.f};
}

PdfPainting painting_of(const PdfPageNode& page) {
  ContentWalk walk{page};
  bool more = false, whole = true;
  std::string damage;
  try {
    walk.run(contents_of(page), page.resources, {}, 0);
    more = shows_annotations(page);
  } catch (const LooksNoFurther&) {
    more = true;
    whole = false;
  } catch (const PoDoFo::PdfError& error) {
    more = true;  // damaged: the rasteriser decides what can still be seen
    whole = false;
    damage = reason_of(error);
  }
  auto painting = walk.take();
  painting.other = painting.other || more;
  painting.text.known = whole;
  painting.damage = std::move(damage);
  return painting;
}

}  // namespace pecia::page
