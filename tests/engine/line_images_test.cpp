#include <gtest/gtest.h>
#include <leptonica/allheaders.h>

#include <memory>
#include <string_view>

#include "leptonica_image.hpp"

namespace line_images_test {

using pecia::engine::PixPointer;

struct Written {
  l_uint8* data = nullptr;
  size_t size = 0;
  ~Written() { lept_free(data); }
  [[nodiscard]] bool begins_with(std::string_view bytes) const {
    return std::string_view{reinterpret_cast<const char*>(data), size}.starts_with(bytes);
  }
};

PixPointer some_image(int depth) {
  PixPointer pix{pixCreate(61, 7, depth)};
  for (int n = 0; n < 61 * 7; ++n) pixSetPixel(pix.get(), n % 61, n / 61, (static_cast<l_uint32>(n) * 2654435761U) >> (32 - depth));
  return pix;
}

TEST(LineImages, AreTheSameWhenTheyAreReadAgainAndAreNotPacked) {
  for (const int depth : {1, 8, 32}) {
    const auto pix = some_image(depth);
    Written written;
    ASSERT_EQ(pixWriteMem(&written.data, &written.size, pix.get(), IFF_PNG), 0);
    EXPECT_TRUE(written.begins_with("spix"));
    const PixPointer again{pixReadMem(written.data, written.size)};
    ASSERT_TRUE(again);
    l_int32 same = 0;
    pixEqual(pix.get(), again.get(), &same);
    EXPECT_EQ(same, 1) << depth;
  }
}

TEST(LineImages, OfOtherFormatsAreLeptonicas) {
  Written written;
  ASSERT_EQ(pixWriteMem(&written.data, &written.size, some_image(8).get(), IFF_BMP), 0);
  EXPECT_TRUE(written.begins_with("BM"));
}

}  // namespace line_images_test
