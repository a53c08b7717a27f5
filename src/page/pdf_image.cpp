#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <functional>

#include "jpeg.hpp"
#include "jpeg2000.hpp"
#include "pdf_flate.hpp"
#include "pdf_page.hpp"
#include "tiff.hpp"

namespace pecia::page {
namespace {

using PoDoFo::PdfName;
using PoDoFo::PdfObject;
using corpus::Coding;

std::vector<std::byte> raw_stream(PdfObject& object) {
  char* buffer = nullptr;
  PoDoFo::pdf_long length = 0;
  object.GetStream()->GetCopy(&buffer, &length);
  const auto* bytes = reinterpret_cast<const std::byte*>(buffer);
  std::vector<std::byte> copy(bytes, bytes + length);
  PoDoFo::podofo_free(buffer);
  return copy;
}

/// The n-th of /DecodeParms, which is one dictionary or an array with one for each filter.
PdfObject* parameters_of(PdfObject& object, std::size_t n) {
  auto* parameters = object.GetIndirectKey("DecodeParms");
  if (!parameters) return nullptr;
  if (parameters->IsArray()) {
    if (n >= parameters->GetArray().GetSize()) return nullptr;
    auto& entry = parameters->GetArray()[n];
    parameters = entry.IsReference() ? object.GetOwner()->GetObject(entry.GetReference()) : &entry;
  }
  return parameters && parameters->IsDictionary() ? parameters : nullptr;
}

bool flag(PdfObject* parameters, const char* key) { return parameters && parameters->GetIndirectKeyAsBool(key, false); }

/// Colours of the samples; only what is decoded here.
struct Colors {
  std::size_t components = 0;           ///< of a sample: 1 or 3; indexed samples have 1
  std::vector<std::byte> palette;       ///< indexed: 1 or 3 bytes an entry
  std::size_t palette_components = 0;   ///< 0: not indexed
};

std::size_t components_of(PdfObject* space);

std::size_t components_of_array(PdfObject& space) {
  const auto& array = space.GetArray();
  if (array.GetSize() < 1 || !array[0].IsName()) return 0;
  const auto& name = array[0].GetName();
  if (name == PdfName{"CalGray"} || name == PdfName{"DeviceGray"}) return 1;
  if (name == PdfName{"CalRGB"} || name == PdfName{"DeviceRGB"}) return 3;
  if (name != PdfName{"ICCBased"} || array.GetSize() < 2) return 0;
  auto* profile = const_cast<PdfObject*>(&array[1]);
  if (profile->IsReference()) profile = space.GetOwner() ? space.GetOwner()->GetObject(profile->GetReference()) : nullptr;
  const auto n = profile ? number_of(profile->GetIndirectKey("N"), 0) : 0;
  return n == 1 ? 1 : n == 3 ? 3 : 0;
}

std::size_t components_of(PdfObject* space) {
  space = resolved(space);
  if (!space) return 0;
  if (space->IsArray()) return components_of_array(*space);
  if (!space->IsName()) return 0;
  const auto& name = space->GetName();
  return name == PdfName{"DeviceGray"} || name == PdfName{"G"} ? 1 : name == PdfName{"DeviceRGB"} || name == PdfName{"RGB"} ? 3 : 0;
}

std::vector<std::byte> palette_of(PdfObject& space, PdfObject* table) {
  if (table->IsReference()) table = space.GetOwner() ? space.GetOwner()->GetObject(table->GetReference()) : nullptr;
  if (!table) return {};
  if (table->IsString() || table->IsHexString()) {
    const auto& text = table->GetString();
    const auto* bytes = reinterpret_cast<const std::byte*>(text.GetString());
    return {bytes, bytes + text.GetLength()};
  }
  if (!table->HasStream()) return {};
  char* buffer = nullptr;
  PoDoFo::pdf_long length = 0;
  table->GetStream()->GetFilteredCopy(&buffer, &length);
  const auto* bytes = reinterpret_cast<const std::byte*>(buffer);
  std::vector<std::byte> palette(bytes, bytes + length);
  PoDoFo::podofo_free(buffer);
  return palette;
}

std::optional<Colors> colors_of(PdfObject& image) {
  auto* space = image.GetIndirectKey("ColorSpace");
  if (!space) return std::nullopt;
  Colors colors;
  colors.components = components_of(space);
  if (colors.components > 0) return colors;
  if (!space->IsArray() || space->GetArray().GetSize() < 4 || !space->GetArray()[0].IsName()) return std::nullopt;
  const auto& kind = space->GetArray()[0].GetName();
  if (kind != PdfName{"Indexed"} && kind != PdfName{"I"}) return std::nullopt;
  auto* base = &space->GetArray()[1];
  if (base->IsReference()) base = space->GetOwner() ? space->GetOwner()->GetObject(base->GetReference()) : nullptr;
  colors.components = 1;
  colors.palette_components = components_of(base);
  if (colors.palette_components == 0) return std::nullopt;
  colors.palette = palette_of(*space, &space->GetArray()[3]);
  return colors.palette.empty() ? std::nullopt : std::optional{colors};
}

/// /Decode: as it is by default, exactly inverted, or something else that is left to the rasteriser.
enum class Decode { usual, inverted, other };
Decode decode_of(PdfObject& image, double most) {
  auto* decode = image.GetIndirectKey("Decode");
  if (!decode || !decode->IsArray()) return Decode::usual;
  bool usual = true, inverted = true;
  for (std::size_t n = 0; n + 1 < decode->GetArray().GetSize(); n += 2) {
    const double low = number_of(&decode->GetArray()[n], -1), high = number_of(&decode->GetArray()[n + 1], -1);
    usual = usual && low == 0 && high == most;
    inverted = inverted && low == most && high == 0;
  }
  return usual ? Decode::usual : inverted ? Decode::inverted : Decode::other;
}

/// Sample n of a row as 8 bits (indexed: as it is).
int sample(const std::byte* row, std::size_t n, unsigned bits, bool indexed) {
  const auto at = [&](std::size_t k) { return std::to_integer<unsigned>(row[k]); };
  if (bits == 8) return static_cast<int>(at(n));
  if (bits == 16) return static_cast<int>(at(2 * n));
  const auto bit = n * bits;
  const unsigned most = (1U << bits) - 1;
  const unsigned value = (at(bit / 8) >> (8 - bits - bit % 8)) & most;
  return static_cast<int>(indexed ? value : value * 255 / most);
}

void put_samples(std::byte* out, std::size_t width, std::size_t channels, const std::byte* row, unsigned bits, const Colors& colors,
                 bool inverted) {
  const bool indexed = colors.palette_components > 0;
  for (std::size_t x = 0; x < width; ++x) {
    for (std::size_t channel = 0; channel < channels; ++channel) {
      int value = sample(row, indexed ? x : x * channels + channel, bits, indexed);
      if (indexed) {
        const auto entry = static_cast<std::size_t>(value) * colors.palette_components + channel;
        value = entry < colors.palette.size() ? std::to_integer<int>(colors.palette[entry]) : 0;
      }
      *out++ = static_cast<std::byte>(inverted ? 255 - value : value);
    }
  }
}

/// `read` fills a row, as far as there are bytes.
std::optional<Raster> from_samples(PdfObject& image, const std::function<std::size_t(std::span<std::byte>)>& read, const Decoding& wanted) {
  const auto width = int_of(number_of(image.GetIndirectKey("Width"), 0));
  const auto height = int_of(number_of(image.GetIndirectKey("Height"), 0));
  const auto bits = static_cast<unsigned>(int_of(number_of(image.GetIndirectKey("BitsPerComponent"), 8)));
  const auto colors = colors_of(image);
  if (!colors || (bits != 1 && bits != 2 && bits != 4 && bits != 8 && bits != 16)) return std::nullopt;
  const bool indexed = colors->palette_components > 0;
  if (indexed && bits > 8) return std::nullopt;
  const auto decode = decode_of(image, indexed ? (1U << bits) - 1 : 1);
  if (decode == Decode::other || (indexed && decode != Decode::usual)) return std::nullopt;
  const bool inverted = decode == Decode::inverted;
  const auto channels = indexed ? colors->palette_components : colors->components;
  const bool bilevel = bits == 1 && channels == 1 && !indexed;
  const auto format = bilevel ? PixelFormat::gray1 : channels == 3 ? PixelFormat::rgb8 : PixelFormat::gray8;
  std::vector<std::byte> row((static_cast<std::size_t>(width) * colors->components * bits + 7) / 8);
  RowSink sink{width, height, format, wanted};
  for (int y = 0; y < height; ++y) {
    if (read(row) < row.size()) throw PageError{Reason::unreadable, "the page's image ends too early"};
    auto* out = sink.row();
    if (bilevel)  // PDF has 0 = black, gray1 has 1 = black.
      std::ranges::transform(row, out, [&](std::byte b) { return inverted ? b : ~b; });
    else
      put_samples(out, static_cast<std::size_t>(width), channels, row.data(), bits, *colors, inverted);
    sink.next();
  }
  return sink.finish();
}

std::optional<Raster> from_fax(PdfObject& image, const std::vector<std::byte>& data, PdfObject* parameters, const Decoding& wanted) {
  const auto colors = colors_of(image);
  const auto decode = decode_of(image, 1);
  if (flag(parameters, "EncodedByteAlign") || !colors || colors->components != 1 || colors->palette_components > 0 || decode == Decode::other)
    return std::nullopt;
  FaxParameters fax;
  fax.k = int_of(parameter(parameters, "K", 0));
  fax.width_px = int_of(parameter(parameters, "Columns", 1728));
  fax.height_px = int_of(number_of(image.GetIndirectKey("Height"), 0));
  if (fax.width_px != int_of(number_of(image.GetIndirectKey("Width"), 0))) return std::nullopt;
  fax.inverted = flag(parameters, "BlackIs1") != (decode == Decode::inverted);
  return decode_fax(data, fax, wanted);
}

}  // namespace

std::vector<std::string> filters_of(PdfObject& stream) {
  std::vector<std::string> names;
  auto* filter = stream.GetIndirectKey("Filter");
  if (filter && filter->IsName()) names.push_back(filter->GetName().GetName());
  if (filter && filter->IsArray()) {
    for (auto& entry : filter->GetArray()) {
      if (entry.IsName()) names.push_back(entry.GetName().GetName());
    }
  }
  return names;
}

Coding coding_of(PdfObject& image) {
  const auto filters = filters_of(image);
  if (filters.empty()) return Coding::none;
  const auto& last = filters.back();
  if (last == "DCTDecode" || last == "DCT") return Coding::jpeg;
  if (last == "JPXDecode") return Coding::jpeg2000;
  if (last == "JBIG2Decode") return Coding::jbig2;
  if (last == "FlateDecode" || last == "Fl") return Coding::flate;
  if (last == "LZWDecode" || last == "LZW") return Coding::lzw;
  if (last == "CCITTFaxDecode" || last == "CCF")
    return parameter(parameters_of(image, filters.size() - 1), "K", 0) < 0 ? Coding::g4 : Coding::g3;
  return Coding::unknown;
}

std::optional<Raster> decode_pdf_image(PdfObject& image, const Decoding& wanted) {
  auto filters = filters_of(image);
  const double width = number_of(image.GetIndirectKey("Width"), 0), height = number_of(image.GetIndirectKey("Height"), 0);
  (void)fitted(width, height, wanted);  // before anything is made of its size
  auto data = raw_stream(image);
  const auto most_bytes = 8 * static_cast<std::size_t>(wanted.most_pixels);
  for (std::size_t n = 0; n < filters.size(); ++n) {
    const auto& filter = filters[n];
    auto* parameters = parameters_of(image, n);
    const bool last = n + 1 == filters.size();
    if (filter == "FlateDecode" || filter == "Fl") {
      if (last) {
        FlateBytes bytes{std::move(data), parameters};
        return from_samples(image, [&](std::span<std::byte> row) { return bytes.read(row); }, wanted);
      }
      data = inflated(std::move(data), parameters, most_bytes);
    } else if (last && (filter == "DCTDecode" || filter == "DCT")) {
      const auto components = read_jpeg_header(data).components;
      if (components == 4 || decode_of(image, 1) != Decode::usual || parameters) return std::nullopt;
      const auto colors = colors_of(image);
      if (!colors || colors->palette_components > 0) return std::nullopt;
      return decode_jpeg(data, wanted);
    } else if (last && filter == "JPXDecode") {
      if (decode_of(image, 1) != Decode::usual) return std::nullopt;
      // A colour space of the PDF's goes before the file's own.
      const auto colors = colors_of(image);
      if (image.GetIndirectKey("ColorSpace") && (!colors || colors->palette_components > 0)) return std::nullopt;
      return decode_jpeg2000(data, wanted);
    } else if (last && (filter == "CCITTFaxDecode" || filter == "CCF")) {
      return from_fax(image, data, parameters, wanted);
    } else {
      return std::nullopt;  // LZW, ASCII85, JBIG2, Crypt and what may come: the rasteriser reads them
    }
  }
  std::size_t at = 0;
  const auto stored = [&](std::span<std::byte> row) {
    const auto count = std::min(row.size(), data.size() - at);
    std::copy_n(data.begin() + static_cast<std::ptrdiff_t>(at), count, row.begin());
    at += count;
    return count;
  };
  return from_samples(image, stored, wanted);
}

}  // namespace pecia::page
