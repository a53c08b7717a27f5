#include "safetensors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "checkpoint_copy.hpp"

namespace pecia::engine::deepseek {
namespace safetensors_test {

using testing::HasSubstr;

/// What is said of a file with this header and so many bytes of data; of it, "no error" too.
std::string said(const std::string& header, std::uint64_t data_bytes) {
  return message_of([&] {
    (void)parse_safetensors_header(header, 8 + header.size() + data_bytes, "x.safetensors");
  });
}

std::string tensor(const std::string& name, const std::string& fields) {
  return "\"" + name + "\":{" + fields + "}";
}
std::string f32(const std::string& name, int begin, int end) {
  return tensor(name, "\"dtype\":\"F32\",\"shape\":[" + std::to_string((end - begin) / 4) +
                          "],\"data_offsets\":[" + std::to_string(begin) + "," +
                          std::to_string(end) + "]");
}

TEST(Safetensors, TensorsComeInTheOrderOfTheirBytes) {
  const auto header = "{\"__metadata__\":{\"format\":\"pt\"}," + f32("b", 0, 8) + "," +
                      f32("a", 8, 12) + "," +
                      tensor("c", R"("dtype":"U8","shape":[],"data_offsets":[12,13])") + "}   ";
  const auto tensors = parse_safetensors_header(header, 8 + header.size() + 13, "x");
  ASSERT_EQ(tensors.size(), 3U);
  EXPECT_EQ(tensors[0].name, "b");
  EXPECT_EQ(tensors[0].begin, 8 + header.size());
  EXPECT_EQ(tensors[1].shape, std::vector<std::int64_t>{1});
  EXPECT_EQ(tensors[2].dtype, "U8");
  EXPECT_EQ(tensor_type("U8"), std::nullopt);
}

TEST(Safetensors, EveryFieldOfTheHeaderIsChecked) {
  const auto field = [](const std::string& dtype, const std::string& shape,
                        const std::string& offsets) {
    return said("{" +
                    tensor("x", "\"dtype\":" + dtype + ",\"shape\":" + shape +
                                    ",\"data_offsets\":" + offsets) +
                    "}",
                8);
  };
  EXPECT_EQ(field("\"F32\"", "[2]", "[0,8]"), "no error");
  EXPECT_THAT(field("\"F31\"", "[2]", "[0,8]"), HasSubstr("unknown dtype 'F31'"));
  EXPECT_THAT(field("7", "[2]", "[0,8]"), HasSubstr("tensor 'x'"));
  EXPECT_THAT(field("\"F32\"", "[3]", "[0,8]"), HasSubstr("make 12 bytes, data_offsets 8"));
  EXPECT_THAT(field("\"F32\"", "[-2]", "[0,8]"), HasSubstr("negative"));
  EXPECT_THAT(field("\"F32\"", "[2.0]", "[0,8]"), HasSubstr("whole number"));
  EXPECT_THAT(field("\"F32\"", "2", "[0,8]"), HasSubstr("tensor 'x'"));
  EXPECT_THAT(field("\"F32\"", "[4294967296,4294967296]", "[0,8]"),
              HasSubstr("more elements than can be"));
  EXPECT_THAT(field("\"F32\"", "[2]", "[8,0]"), HasSubstr("ends before it begins"));
  EXPECT_THAT(field("\"F32\"", "[2]", "[0]"), HasSubstr("not two numbers"));
  EXPECT_THAT(field("\"F32\"", "[2]", "[0,1e300]"), HasSubstr("whole number"));
  EXPECT_THAT(said("{" + tensor("x", R"("dtype":"F32","shape":[2])") + "}", 8),
              HasSubstr("missing"));
  EXPECT_THAT(
      said("{" + tensor("x", R"("dtype":"F32","shape":[2],"data_offsets":[0,8],"more":1)") + "}",
           8),
      HasSubstr("unknown field 'more'"));
  EXPECT_THAT(
      said("{" + tensor("x", R"("dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8])") +
               "}",
           8),
      HasSubstr("'dtype' comes twice"));
  EXPECT_THAT(said("[]", 0), HasSubstr("no JSON object"));
  EXPECT_THAT(said("{\"x\":1}", 0), HasSubstr("no JSON object"));
  EXPECT_THAT(said("{", 0), HasSubstr("no JSON"));
}

TEST(Safetensors, TensorsCoverTheFileWithoutGapAndOverlap) {
  EXPECT_EQ(said("{" + f32("a", 0, 8) + "," + f32("b", 8, 16) + "}", 16), "no error");
  EXPECT_THAT(said("{" + f32("a", 0, 8) + "," + f32("b", 4, 12) + "}", 12),
              HasSubstr("inside the one before it"));
  EXPECT_THAT(said("{" + f32("a", 0, 8) + "," + f32("b", 12, 16) + "}", 16),
              HasSubstr("after a gap from 8"));
  EXPECT_THAT(said("{" + f32("a", 4, 8) + "}", 8), HasSubstr("after a gap from 0"));
  EXPECT_THAT(said("{" + f32("a", 0, 8) + "}", 7), HasSubstr("ends 1 bytes too early"));
  EXPECT_THAT(said("{" + f32("a", 0, 8) + "}", 9), HasSubstr("1 bytes at its end"));
  EXPECT_THAT(said("{" + f32("a", 0, 8) + "," + f32("a", 8, 16) + "}", 16),
              HasSubstr("'a' comes twice"));
}

TEST(Safetensors, AFileThatIsNoneIsRefused) {
  const test::TempFolder folder;
  const auto of_file = [&](const std::string& bytes) {
    const auto path = folder.write("x.safetensors", bytes);
    const auto file = open_for_reading(path);
    return message_of([&] { (void)read_safetensors_header(file.get(), path); });
  };
  EXPECT_THAT(of_file(""), HasSubstr("0 bytes only"));
  EXPECT_THAT(of_file("<!DOCTYPE html><html>"), HasSubstr("no safetensors file"));
  EXPECT_THAT(of_file(to_bytes("{}", "").substr(0, 9)), HasSubstr("within its header"));
  EXPECT_EQ(of_file(to_bytes("{}", "")), "no error");
}

}  // namespace safetensors_test
}  // namespace pecia::engine::deepseek
