#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <string_view>

#include "pdf_page.hpp"

namespace pecia::page {
namespace {

using PoDoFo::PdfName;
using PoDoFo::PdfObject;
using PoDoFo::PdfVariant;

constexpr int deepest_form = 12;
/// Forms may nest so that a short file paints for ever.
constexpr std::uint64_t most_operators = 2'000'000;
constexpr std::uint64_t most_content_bytes = std::uint64_t{256} << 20;
constexpr int invisible_text = 3, clip_text = 7;
/// A clip that cuts off no more than this share of the page cuts off nothing.
constexpr double clip_tolerance = 0.02;

Matrix matrix_of(PdfObject* value) {
  value = resolved(value);
  if (!value || !value->IsArray() || value->GetArray().GetSize() < 6) return {};
  const auto at = [&](std::size_t n) { return number_of(&value->GetArray()[n], 0); };
  return {at(0), at(1), at(2), at(3), at(4), at(5)};
}

std::string stream_of(PdfObject* object) {
  object = resolved(object);
  if (!object || !object->HasStream()) return {};
  char* buffer = nullptr;
  PoDoFo::pdf_long length = 0;
  object->GetStream()->GetFilteredCopy(&buffer, &length);
  std::string contents(buffer, static_cast<std::size_t>(length));
  PoDoFo::podofo_free(buffer);
  return contents;
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
  explicit ContentWalk(const PdfPageNode& page) : page_{page} {}

  void run(const std::string& contents, PdfObject* resources, const Matrix& start, int depth) {
    painting_.content_bytes += contents.size();
    if (painting_.content_bytes > most_content_bytes) {
      painting_.other = true;
      return;
    }
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
      if (++operators_ > most_operators) {
        painting_.other = true;
        return;
      }
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
      state.text_mode = static_cast<int>(at(operands, 0));
    } else if (shows.contains(name)) {
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

  void look_at_state(const PdfName& name, PdfObject* resources) {
    auto* state = resource(resources, "ExtGState", name);
    if (!state || !state->IsDictionary()) return;
    auto* mask = state->GetIndirectKey("SMask");
    const bool masks = mask && !(mask->IsName() && mask->GetName() == PdfName{"None"});
    if (masks || number_of(state->GetIndirectKey("ca"), 1) < 1) painting_.other = true;
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
      painting_.images.push_back({object, state.ctm});
      if (sized_.insert(object).second) painting_.image_bytes += static_cast<std::uint64_t>(std::max<std::int64_t>(0, object->GetStream()->GetLength()));
      return;
    }
    if (depth >= deepest_form || open_forms_.contains(object)) {
      painting_.other = true;
      return;
    }
    auto* group = object->GetIndirectKey("Group");
    if (group && group->IsDictionary() && group->GetIndirectKeyAsName("S") == PdfName{"Transparency"} && painting_.images.size() > 0)
      painting_.other = true;
    open_forms_.insert(object);
    auto* own = object->GetIndirectKey("Resources");
    const auto start = matrix_of(object->GetIndirectKey("Matrix")) * state.ctm;
    const auto images_before = painting_.images.size();
    run(stream_of(object), own ? own : resources, start, depth + 1);
    if (painting_.images.size() > images_before && !shows_all(*object, start)) painting_.other = true;
    open_forms_.erase(object);
  }

  const PdfPageNode& page_;
  PdfPainting painting_;
  Path path_;
  std::uint64_t operators_ = 0;
  std::set<PdfObject*> open_forms_, sized_;
};

/// Stamps, form fields and notes that a viewer shows.
bool shows_annotations(const PdfPageNode& page) {
  constexpr PoDoFo::pdf_int64 hidden = 2, no_view = 32;
  auto* annotations = page.object->GetIndirectKey("Annots");
  if (!annotations || !annotations->IsArray()) return false;
  for (auto& entry : annotations->GetArray()) {
    auto* annotation = entry.IsReference() ? page.object->GetOwner()->GetObject(entry.GetReference()) : &entry;
    if (!annotation || !annotation->IsDictionary()) continue;
    const auto kind = annotation->GetIndirectKeyAsName("Subtype");
    const auto flags = static_cast<PoDoFo::pdf_int64>(number_of(annotation->GetIndirectKey("F"), 0));
    if (kind == PdfName{"Popup"} || kind == PdfName{"Link"} || (flags & (hidden | no_view)) != 0) continue;
    if (annotation->GetIndirectKey("AP")) return true;
  }
  return false;
}

}  // namespace

Matrix operator*(const Matrix& one, const Matrix& two) {
  return {one.a * two.a + one.b * two.c,         one.a * two.b + one.b * two.d,
          one.c * two.a + one.d * two.c,         one.c * two.b + one.d * two.d,
          one.e * two.a + one.f * two.c + two.e, one.e * two.b + one.f * two.d + two.f};
}

PdfPainting painting_of(const PdfPageNode& page) {
  ContentWalk walk{page};
  bool more = false;
  try {
    walk.run(contents_of(page), page.resources, {}, 0);
    more = shows_annotations(page);
  } catch (const PoDoFo::PdfError&) {
    more = true;  // damaged: the rasteriser decides what can still be seen
  }
  auto painting = walk.take();
  painting.other = painting.other || more;
  return painting;
}

}  // namespace pecia::page
