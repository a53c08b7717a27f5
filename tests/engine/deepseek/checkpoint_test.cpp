#include "checkpoint.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "checkpoint_copy.hpp"
#include "weights_hash.hpp"

namespace pecia::engine::deepseek {
namespace checkpoint_test {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

std::string said(const fs::path& folder) {
  return message_of([&] { (void)open_model(folder.string()); });
}

std::vector<std::string> names(const ModelFiles& model) {
  std::vector<std::string> all;
  for (const auto& tensor : model.source->tensors()) all.push_back(tensor.name);
  return all;
}

std::string fingerprint_of(const fs::path& folder) {
  const auto model = open_model(folder.string());
  WeightsHash hash;
  for (const auto& tensor : model.source->tensors()) {
    std::vector<std::byte> bytes(tensor.bytes());
    model.source->read(tensor.name, 0, bytes);
    hash.add(tensor, 0, bytes);
  }
  return fingerprint(model, hash.value());
}

TEST(Checkpoint, EveryGoldenOneOpensWithExactlyItsOwnTensors) {
  for (const auto* name : {"a", "b", "c", "reader"}) {
    const auto model = open_model(checkpoint(name).string());
    const auto expected = expected_tensors(model.config);
    EXPECT_EQ(model.source->tensors().size(), expected.size()) << name;
    EXPECT_TRUE(fs::exists(model.tokenizer));
  }
  EXPECT_THAT(names(open_model(checkpoint("b").string())),
              Not(testing::Contains("model.qwen2_model.query_512.weight")));
}

TEST(Checkpoint, ThePublishedOneHasTheTensorsAndBytesOfTheSpecification) {
  const Config published;
  const auto expected = expected_tensors(published);
  EXPECT_EQ(expected.size(), 2707U);
  std::uint64_t total = 0;
  std::map<std::string_view, std::uint64_t> parts;
  for (const auto& [part, bytes] :
       bytes_per_part(open_model("random:full").source->tensors(), published))
    total += parts[part] = bytes;
  EXPECT_EQ(total, 6'778'238'720U);
  EXPECT_EQ(parts["SAM"], 2 * 94'979'328U);
  EXPECT_EQ(parts["encoder"], 2 * 358'256'512U);
  EXPECT_EQ(parts["projector"], 2 * 1'149'440U);
  EXPECT_EQ(parts["experts"], 2 * 2'422'210'560ULL);
  EXPECT_EQ(parts["norms"], 2 * 32'000U);
}

TEST(Checkpoint, AllMissingTensorsAreNamedAtOnce) {
  const CheckpointCopy copy{"a"};
  copy.change([](Shard& shard) {
    shard.header.erase("lm_head.weight");
    shard.header.erase("model.sam_model.neck.1.bias");
    shard.header.erase("model.layers.2.mlp.experts.7.up_proj.weight");
  });
  EXPECT_THAT(said(copy.folder()),
              AllOf(HasSubstr("3 tensors missing"), HasSubstr("lm_head.weight"),
                    HasSubstr("model.sam_model.neck.1.bias"),
                    HasSubstr("model.layers.2.mlp.experts.7.up_proj.weight")));
}

TEST(Checkpoint, WrongShapesAndTypesAreNamed) {
  const CheckpointCopy copy{"a"};
  copy.change([](Shard& shard) {
    shard.header["model.layers.0.self_attn.q_proj.weight"]["shape"] = {16, 64};
    shard.header["model.norm.weight"]["dtype"] = "I32";
  });
  EXPECT_THAT(
      said(copy.folder()),
      AllOf(HasSubstr("model.layers.0.self_attn.q_proj.weight has shape [16,64], not [32,32]"),
            HasSubstr("model.norm.weight has type I32; F32, BF16 and F16 are read")));
}

/// Renames tensors as other software does.
std::string renamed(const std::string& from, const std::string& to) {
  const CheckpointCopy copy{"a"};
  copy.change([&](Shard& shard) {
    auto header = nlohmann::json::object();
    for (const auto& [name, tensor] : shard.header.items())
      header[name.starts_with(from) ? to + name.substr(from.size()) : name] = tensor;
    shard.header = header;
  });
  return said(copy.folder());
}

TEST(Checkpoint, OtherLayoutsAreToldByName) {
  EXPECT_THAT(renamed("model.sam_model.", "model.vision_tower.sam_encoder."),
              AllOf(HasSubstr("native transformers"), HasSubstr("deepseek-ai/DeepSeek-OCR-2")));
  EXPECT_THAT(renamed("model.", "vision_model.qwen2_encoder."), HasSubstr("MLX"));
  const CheckpointCopy copy{"a"};
  copy.change([](Shard& shard) {
    shard.header["model.sam_model.patch_embed.proj.weight"]["shape"] = {16, 4, 4, 3};
  });
  EXPECT_THAT(said(copy.folder()), HasSubstr("MLX"));
}

TEST(Checkpoint, DamagedFilesAreRefused) {
  const CheckpointCopy truncated{"a"};
  fs::resize_file(truncated.shard(), fs::file_size(truncated.shard()) - 1000);
  EXPECT_THAT(said(truncated.folder()),
              AllOf(HasSubstr("1000 bytes too early"), HasSubstr(truncated.shard().string())));

  const CheckpointCopy swapped{"c"};
  const auto one = swapped.folder() / "model-00001-of-000003.safetensors";
  const auto two = swapped.folder() / "model-00002-of-000003.safetensors";
  fs::rename(one, swapped.folder() / "x");
  fs::rename(two, one);
  fs::rename(swapped.folder() / "x", two);
  EXPECT_THAT(said(swapped.folder()), HasSubstr("are the shards swapped"));

  const CheckpointCopy lacking{"c"};
  fs::remove(lacking.folder() / "model-00001-of-000003.safetensors");
  fs::remove(lacking.folder() / "model-00003-of-000003.safetensors");
  EXPECT_THAT(said(lacking.folder()),
              HasSubstr("model-00001-of-000003.safetensors, model-00003-of-000003.safetensors"));

  const CheckpointCopy twice{"c"};
  fs::copy(twice.folder() / "model-00001-of-000003.safetensors",
           twice.folder() / "model-00004-of-000003.safetensors");
  fs::remove(twice.folder() / "model.safetensors.index.json");
  EXPECT_THAT(said(twice.folder()), HasSubstr("model-00004-of-000003.safetensors"));
}

TEST(Checkpoint, WhatIsNoModelSaysWhatToGive) {
  const test::TempFolder empty;
  EXPECT_THAT(said(empty.path() / "nothing"), HasSubstr("is no folder"));
  EXPECT_THAT(said(empty.path()), HasSubstr("no config.json"));
  EXPECT_THAT(message_of([] { (void)open_model("random:huge"); }),
              HasSubstr("neither random:full nor random:tiny"));
}

TEST(Checkpoint, AHuggingFaceCacheIsReadThroughItsLinks) {
  const test::TempFolder temp;
  const auto cache = temp.path() / "models--deepseek-ai--DeepSeek-OCR-2";
  const auto snapshot = cache / "snapshots" / "0123abc";
  fs::create_directories(snapshot);
  fs::create_directories(cache / "blobs");
  for (const auto& entry : fs::directory_iterator{checkpoint("a")}) {
    const auto name = entry.path().filename();
    fs::copy(entry.path(), cache / "blobs" / ("blob-of-" + name.string()));
    fs::create_symlink(fs::path{"../../blobs"} / ("blob-of-" + name.string()), snapshot / name);
  }
  const auto expected = fingerprint_of(checkpoint("a"));
  EXPECT_EQ(fingerprint_of(snapshot), expected);
  EXPECT_EQ(fingerprint_of(cache), expected) << "the only snapshot";

  fs::create_directories(cache / "snapshots" / "older");
  EXPECT_THAT(said(cache), HasSubstr("2 snapshots"));
  fs::create_directories(cache / "refs");
  replace_file(cache / "refs" / "main", "0123abc");
  EXPECT_EQ(fingerprint_of(cache), expected) << "refs/main decides";

  for (const auto& entry : fs::directory_iterator{cache / "blobs"})
    if (entry.path().filename().string().ends_with("safetensors")) fs::remove(entry.path());
  EXPECT_THAT(said(cache), HasSubstr("not there"));
}

TEST(Checkpoint, TheFingerprintTellsModelsApartAndNotTheirShards) {
  const auto of_a = fingerprint_of(checkpoint("a"));
  EXPECT_NE(fingerprint_of(checkpoint("c")), of_a);
  {
    const CheckpointCopy merged{"c"};
    Shard all{nlohmann::json::object(), ""};
    for (const auto& entry : fs::directory_iterator{merged.folder()}) {
      if (entry.path().extension() != ".safetensors") continue;
      auto shard = read_shard(entry.path());
      for (auto& [name, tensor] : shard.header.items()) {
        if (name == "__metadata__") continue;
        for (auto& offset : tensor["data_offsets"])
          offset = offset.get<std::size_t>() + all.data.size();
        all.header[name] = tensor;
      }
      all.data += shard.data;
      fs::remove(entry.path());
    }
    fs::remove(merged.folder() / "model.safetensors.index.json");
    write_shard(merged.folder() / "model.safetensors", all);
    EXPECT_EQ(fingerprint_of(merged.folder()), fingerprint_of(checkpoint("c")));
  }
  const CheckpointCopy byte{"a"};
  byte.change([](Shard& shard) { shard.data.back() = static_cast<char>(shard.data.back() ^ 1); });
  EXPECT_NE(fingerprint_of(byte.folder()), of_a);
  const CheckpointCopy setting{"a"};
  setting.configure([](auto& json) { json["language_config"]["rope_theta"] = 9999; });
  EXPECT_NE(fingerprint_of(setting.folder()), of_a);
}

TEST(WeightsHash, IsXxh64InAnyPieces) {
  EXPECT_EQ(hash_of(""), 0xEF46DB3751D8E999U);
  EXPECT_EQ(hash_of("abc"), 0x44BC2CF5AD770999U);
  const std::string text =
      "Nobody inspects the spammish repetition, and the rest is longer than stripes";
  for (std::size_t cut = 0; cut < text.size(); ++cut) {
    StreamHash hash;
    hash.add(std::as_bytes(std::span{text}.first(cut)));
    hash.add(std::as_bytes(std::span{text}.subspan(cut)));
    EXPECT_EQ(hash.value(), hash_of(text)) << cut;
  }
}

}  // namespace checkpoint_test
}  // namespace pecia::engine::deepseek
