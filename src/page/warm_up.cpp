#include "warm_up.hpp"

#include <dlfcn.h>
#include <fmt/format.h>
#include <fontconfig/fontconfig.h>
#include <iconv.h>
#include <openssl/provider.h>
#include <poppler-document.h>

#include <array>
#include <set>
#include <string_view>

#include "pecia/page/image.hpp"

namespace pecia::page {
namespace {

namespace fs = std::filesystem;
constexpr double warm_up_dpi = 36;
constexpr std::uint64_t warm_up_pixels = 1 << 20;

/// Poppler's strings are made by iconv, whose tables are libraries. glibc unloads them when nobody has
/// used them for a while, so they are held for as long as this process lives.
void hold_iconv() {
  for (const auto& [to, from] : {std::array{"UTF-8", "UTF-16"}, std::array{"UTF-16", "UTF-8"},
                                 std::array{"UTF-8", "UTF-16BE"}, std::array{"UTF-8", "ISO-8859-1"}})
    (void)::iconv_open(to, from);
}

void add_list(std::vector<fs::path>& paths, FcStrList* list) {
  if (list == nullptr) return;
  while (const auto* path = ::FcStrListNext(list)) paths.emplace_back(reinterpret_cast<const char*>(path));
  ::FcStrListDone(list);
}

/// The folders that really hold the fonts: folders of fonts may be full of links to elsewhere.
void add_homes_of_fonts(std::vector<fs::path>& paths) {
  std::set<fs::path> folders;
  const auto* fonts = ::FcConfigGetFonts(nullptr, FcSetSystem);
  for (int n = 0; fonts != nullptr && n < fonts->nfont; ++n) {
    FcChar8* file = nullptr;
    if (::FcPatternGetString(fonts->fonts[n], FC_FILE, 0, &file) != FcResultMatch) continue;
    const fs::path font{reinterpret_cast<const char*>(file)};
    folders.insert(font.parent_path());
    std::error_code ignored;
    if (fs::is_symlink(font, ignored)) paths.push_back(font);  // opened by the kernel, which follows it
  }
  paths.insert(paths.end(), folders.begin(), folders.end());
}

/// Where poppler's data may be: as built, and beside Poppler itself (Spack, conda).
std::vector<fs::path> poppler_data() {
  std::vector<fs::path> folders{"/usr/share/poppler", "/usr/local/share/poppler"};
  Dl_info info{};
  if (::dladdr(reinterpret_cast<const void*>(&poppler::document::load_from_raw_data), &info) != 0 && info.dli_fname != nullptr) {
    for (auto folder = fs::path{info.dli_fname}.parent_path(); folder.has_relative_path(); folder = folder.parent_path())
      folders.push_back(folder / "share" / "poppler");
  }
  return folders;
}

/// "<number> 0 obj ... endobj" of each, and the table of where they begin.
std::string pdf_of(const std::vector<std::string>& objects) {
  std::string pdf = "%PDF-1.4\n", table = "0000000000 65535 f \n";
  for (std::size_t n = 0; n < objects.size(); ++n) {
    table += fmt::format("{:010} 00000 n \n", pdf.size());
    pdf += fmt::format("{} 0 obj\n{}\nendobj\n", n + 1, objects[n]);
  }
  const auto table_begins = pdf.size();
  return pdf + fmt::format("xref\n0 {0}\n{1}trailer\n<</Size {0}/Root 1 0 R>>\nstartxref\n{2}\n%%EOF\n", objects.size() + 1, table,
                           table_begins);
}

}  // namespace

std::string warm_up_pdf() {
  const std::string_view contents = "BT /F 24 Tf 10 60 Td (pecia) Tj /C 24 Tf 0 -40 Td <4E2D6587> Tj ET\n";
  return pdf_of({"<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>",
                 "<</Type/Page/Parent 2 0 R/MediaBox[0 0 100 100]/Contents 4 0 R/Resources<</Font<</F 5 0 R/C 6 0 R>>>>>>",
                 fmt::format("<</Length {}>>\nstream\n{}endstream", contents.size(), contents),
                 "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
                 "<</Type/Font/Subtype/Type0/BaseFont/STSong-Light/Encoding/UniGB-UCS2-H/DescendantFonts[7 0 R]>>",
                 "<</Type/Font/Subtype/CIDFontType0/BaseFont/STSong-Light/FontDescriptor 8 0 R"
                 "/CIDSystemInfo<</Registry(Adobe)/Ordering(GB1)/Supplement 2>>>>",
                 "<</Type/FontDescriptor/FontName/STSong-Light/Flags 6/FontBBox[0 -200 1000 900]/ItalicAngle 0/Ascent 800/Descent -200"
                 "/CapHeight 700/StemV 80>>"});
}

WarmUp::WarmUp() : bytes_{warm_up_pdf()} {
  // PoDoFo opens RC4 and AES-128 documents only with OpenSSL's old ciphers loaded.
  OSSL_PROVIDER_load(nullptr, "legacy");
  OSSL_PROVIDER_load(nullptr, "default");
  ::FcInit();
  hold_iconv();
  ImageRequest request;
  request.dpi = warm_up_dpi;
  document_ = open_pdf(std::as_bytes(std::span{bytes_}), "");
  (void)document_->info(1);
  (void)document_->render(1, request, warm_up_pixels);
}

WarmUp::~WarmUp() = default;

std::vector<fs::path> WarmUp::readable() {
  auto paths = poppler_data();
  add_list(paths, ::FcConfigGetFontDirs(nullptr));
  add_list(paths, ::FcConfigGetCacheDirs(nullptr));
  add_list(paths, ::FcConfigGetConfigFiles(nullptr));
  add_homes_of_fonts(paths);
  return paths;
}

}  // namespace pecia::page
