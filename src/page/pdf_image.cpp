#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "jpeg.hpp"
#include "jpeg2000.hpp"
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

constexpr std::size_t least_growth_bytes = std::size_t{1} << 16, most_growth_bytes = std::size_t{1} << 28;

/// Inflates at most `most_bytes`; a stream that ends early gives what there is.
std::vector<std::byte> inflated(const std::vector<std::byte>& bytes, std::size_t most_bytes) {
  std::vector<std::byte> out;
  z_stream stream{};
  if (inflateInit(&stream) != Z_OK) throw PageError{Reason::unreadable, "zlib does not start"};
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  // Grows with what comes: the most that is allowed is hundreds of times what a page takes.
  for (int status = Z_OK; status == Z_OK && out.size() < most_bytes;) {
    const auto done = out.size();
    const auto more = std::min(most_bytes - done, std::clamp(done, least_growth_bytes, most_growth_bytes));
    out.resize(done + more);
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + done);
    stream.avail_out = static_cast<uInt>(more);
    status = inflate(&stream, Z_NO_FLUSH);
    out.resize(done + more - stream.avail_out);
  }
  inflateEnd(&stream);
  return out;
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

double parameter(PdfObject* parameters, const char* key, double otherwise) {
  return parameters ? number_of(parameters->GetIndirectKey(key), otherwise) : otherwise;
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

/// Undoes a PNG predictor (PNG specification, 9.2) or TIFF's, in place of the filter library that
/// fails below 8 bits a pixel. `rows` gets one row after the other without filter bytes.
std::vector<std::byte> unpredicted(std::vector<std::byte> data, PdfObject* parameters) {
  const auto predictor = static_cast<int>(parameter(parameters, "Predictor", 1));
  if (predictor == 1) return data;
  const auto within = [&](const char* key, double otherwise, double most) {
    const double value = parameter(parameters, key, otherwise);
    if (!(value >= 1 && value <= most)) throw PageError{Reason::unsupported, "a predictor that is not read"};
    return static_cast<std::size_t>(value);
  };
  const auto colors = within("Colors", 1, 32), bits = within("BitsPerComponent", 8, 16), columns = within("Columns", 1, 1e6);
  const std::size_t pixel = (colors * bits + 7) / 8, row = (columns * colors * bits + 7) / 8;
  if (predictor == 2 && bits != 8) throw PageError{Reason::unsupported, "a predictor that is not read"};
  const auto value = [](std::byte b) { return std::to_integer<int>(b); };
  if (predictor == 2) {
    for (std::size_t at = 0; at + row <= data.size(); at += row) {
      for (std::size_t n = pixel; n < row; ++n) data[at + n] = static_cast<std::byte>(value(data[at + n]) + value(data[at + n - pixel]));
    }
    return data;
  }
  std::vector<std::byte> rows;
  rows.reserve(data.size());
  std::vector<std::byte> above(row), line(row);
  for (std::size_t at = 0; at < data.size(); at += row + 1) {
    const auto count = std::min(row, data.size() - at - 1);
    for (std::size_t n = 0; n < count; ++n) {
      const int left = n >= pixel ? value(line[n - pixel]) : 0, up = value(above[n]), corner = n >= pixel ? value(above[n - pixel]) : 0;
      int guess = 0;
      switch (value(data[at])) {
        case 1: guess = left; break;
        case 2: guess = up; break;
        case 3: guess = (left + up) / 2; break;
        case 4: {
          const int p = left + up - corner, to_left = std::abs(p - left), to_up = std::abs(p - up), to_corner = std::abs(p - corner);
          guess = to_left <= to_up && to_left <= to_corner ? left : to_up <= to_corner ? up : corner;
          break;
        }
        default: break;
      }
      line[n] = static_cast<std::byte>(value(data[at + 1 + n]) + guess);
    }
    rows.insert(rows.end(), line.begin(), line.begin() + static_cast<std::ptrdiff_t>(count));
    above = line;
  }
  return rows;
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

void put_samples(Raster& raster, int y, const std::byte* row, unsigned bits, const Colors& colors, bool inverted) {
  const bool indexed = colors.palette_components > 0;
  const std::size_t channels = raster.format == PixelFormat::rgb8 ? 3 : 1;
  for (std::size_t x = 0; x < static_cast<std::size_t>(raster.width_px); ++x) {
    for (std::size_t channel = 0; channel < channels; ++channel) {
      int value = sample(row, indexed ? x : x * channels + channel, bits, indexed);
      if (indexed) {
        const auto entry = static_cast<std::size_t>(value) * colors.palette_components + channel;
        value = entry < colors.palette.size() ? std::to_integer<int>(colors.palette[entry]) : 0;
      }
      raster.row(y)[x * channels + channel] = static_cast<std::byte>(inverted ? 255 - value : value);
    }
  }
}

std::optional<Raster> from_samples(PdfObject& image, std::vector<std::byte> data, std::uint64_t max_pixels) {
  const auto width = static_cast<int>(number_of(image.GetIndirectKey("Width"), 0));
  const auto height = static_cast<int>(number_of(image.GetIndirectKey("Height"), 0));
  const auto bits = static_cast<unsigned>(number_of(image.GetIndirectKey("BitsPerComponent"), 8));
  const auto colors = colors_of(image);
  if (!colors || (bits != 1 && bits != 2 && bits != 4 && bits != 8 && bits != 16)) return std::nullopt;
  const bool indexed = colors->palette_components > 0;
  if (indexed && bits > 8) return std::nullopt;
  const auto decode = decode_of(image, indexed ? (1U << bits) - 1 : 1);
  if (decode == Decode::other || (indexed && decode != Decode::usual)) return std::nullopt;
  const auto channels = indexed ? colors->palette_components : colors->components;
  const std::size_t row_size = (static_cast<std::size_t>(width) * colors->components * bits + 7) / 8;
  if (data.size() < row_size * static_cast<std::size_t>(height))
    throw PageError{Reason::unreadable, "the page's image ends too early"};
  const bool bilevel = bits == 1 && channels == 1 && !indexed;
  const auto format = bilevel ? PixelFormat::gray1 : channels == 3 ? PixelFormat::rgb8 : PixelFormat::gray8;
  auto raster = make_raster(width, height, format, max_pixels);
  for (int y = 0; y < height; ++y) {
    const auto* row = data.data() + static_cast<std::size_t>(y) * row_size;
    if (!bilevel) {
      put_samples(raster, y, row, bits, *colors, decode == Decode::inverted);
      continue;
    }
    // PDF has 0 = black, gray1 has 1 = black.
    std::transform(row, row + row_size, raster.row(y), [&](std::byte b) { return decode == Decode::inverted ? b : ~b; });
  }
  return raster;
}

std::optional<Raster> from_fax(PdfObject& image, const std::vector<std::byte>& data, PdfObject* parameters, std::uint64_t max_pixels) {
  const auto colors = colors_of(image);
  const auto decode = decode_of(image, 1);
  if (flag(parameters, "EncodedByteAlign") || !colors || colors->components != 1 || colors->palette_components > 0 || decode == Decode::other)
    return std::nullopt;
  FaxParameters fax;
  fax.k = static_cast<int>(parameter(parameters, "K", 0));
  fax.width_px = static_cast<int>(parameter(parameters, "Columns", 1728));
  fax.height_px = static_cast<int>(number_of(image.GetIndirectKey("Height"), 0));
  if (fax.width_px != static_cast<int>(number_of(image.GetIndirectKey("Width"), 0))) return std::nullopt;
  auto raster = decode_fax(data, fax, max_pixels);
  if (flag(parameters, "BlackIs1") != (decode == Decode::inverted))
    std::ranges::transform(raster.pixels, raster.pixels.begin(), [](std::byte b) { return ~b; });
  return raster;
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

std::optional<Raster> decode_pdf_image(PdfObject& image, bool gray, std::uint64_t max_pixels, bool exact) {
  auto filters = filters_of(image);
  check_size(number_of(image.GetIndirectKey("Width"), 0), number_of(image.GetIndirectKey("Height"), 0), max_pixels);
  auto data = raw_stream(image);
  const std::size_t most_bytes = 8 * static_cast<std::size_t>(max_pixels);
  for (std::size_t n = 0; n < filters.size(); ++n) {
    const auto& filter = filters[n];
    auto* parameters = parameters_of(image, n);
    const bool last = n + 1 == filters.size();
    if (filter == "FlateDecode" || filter == "Fl") {
      const double pixels = number_of(image.GetIndirectKey("Width"), 0) * number_of(image.GetIndirectKey("Height"), 0);
      const auto expected = static_cast<std::size_t>(pixels * 8) + (std::size_t{1} << 20);
      data = unpredicted(inflated(data, last ? std::min(most_bytes, expected) : most_bytes), parameters);
    } else if (last && (filter == "DCTDecode" || filter == "DCT")) {
      const auto components = read_jpeg_header(data).components;
      if (components == 4 || decode_of(image, 1) != Decode::usual || parameters) return std::nullopt;
      const auto colors = colors_of(image);
      if (!colors || colors->palette_components > 0) return std::nullopt;
      return decode_jpeg(data, gray, max_pixels, exact);
    } else if (last && filter == "JPXDecode") {
      if (decode_of(image, 1) != Decode::usual) return std::nullopt;
      // A colour space of the PDF's goes before the file's own.
      const auto colors = colors_of(image);
      if (image.GetIndirectKey("ColorSpace") && (!colors || colors->palette_components > 0)) return std::nullopt;
      return decode_jpeg2000(data, max_pixels, false, exact);
    } else if (last && (filter == "CCITTFaxDecode" || filter == "CCF")) {
      return from_fax(image, data, parameters, max_pixels);
    } else {
      return std::nullopt;  // LZW, ASCII85, JBIG2, Crypt and what may come: the rasteriser reads them
    }
  }
  return from_samples(image, std::move(data), max_pixels);
}

}  // namespace pecia::page
