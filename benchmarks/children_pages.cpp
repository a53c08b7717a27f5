// What pecia-page costs beside what it does, for bench_children: prints a JSON list of seconds and bytes.
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <jpeglib.h>
#include <nlohmann/json.hpp>
#include <thread>
#include <vector>

#include "document.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/file.hpp"
#include "pecia/page/reader.hpp"


namespace {

using namespace pecia;
namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

double seconds_of(const auto& work) {
  const auto began = Clock::now();
  work();
  return std::chrono::duration<double>(Clock::now() - began).count();
}

/// CPU seconds of this process and of `child` so far.
double cpu_s(pid_t child) {
  double sum_s = 0;
  for (const auto pid : {::getpid(), child}) {
    clockid_t clock{};
    timespec time{};
    if (::clock_getcpuclockid(pid, &clock) == 0 && ::clock_gettime(clock, &time) == 0)
      sum_s += static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
  }
  return sum_s;
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values.at(values.size() / 2);
}

page::ImageRequest gray() {
  page::ImageRequest request;
  request.pixels = page::ImageRequest::Pixels::gray;
  return request;
}

/// As a decoder thread asks for a page.
void read(page::Reader& reader, const fs::path& file) {
  const page::Source source{file, corpus::Format::unknown, ""};
  require(std::holds_alternative<page::PageInfo>(reader.info(source, 1)), "no page");
  require(std::holds_alternative<page::Image>(reader.render(source, 1, gray())), "no image");
}

/// The same in this process, without a child.
void decode(const fs::path& file) {
  const UniqueFd opened{::open(file.c_str(), O_RDONLY | O_CLOEXEC)};
  struct stat status {};
  require(::fstat(opened.get(), &status) == 0, "no such file");
  const auto size = static_cast<std::size_t>(status.st_size);
  void* const address = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, opened.get(), 0);
  require(address != MAP_FAILED, "cannot map");
  {
    const auto document = page::open_jpeg({static_cast<const std::byte*>(address), size});
    (void)document->info(1);
    (void)document->render(1, gray(), 1'000'000'000);
  }
  ::munmap(address, size);
}

/// So that it is gone, and not on its way out.
void kill(pid_t pid) {
  require(pid > 1, "there is no such process");  // of -1, all there are would be killed
  ::kill(pid, SIGKILL);
  std::this_thread::sleep_for(std::chrono::milliseconds{30});
}

/// Until a spare waits, warmed up.
void wait_for_spare(page::Reader& reader, const fs::path& file) {
  while (reader.spare_pid() < 0) read(reader, file);
  std::this_thread::sleep_for(std::chrono::milliseconds{400});
}

nlohmann::json first_page(const fs::path& file, int repeats) {
  page::Reader reader;
  std::vector<double> warm, pooled, cold, warm_cpu, pooled_cpu;
  for (int n = 0; n < repeats; ++n) {
    wait_for_spare(reader, file);
    // A page of a document that is not open: all three open it.
    const auto other = file.string() + ".other";
    const auto before_warm = cpu_s(reader.child_pid());
    warm.push_back(seconds_of([&] { read(reader, other); }));
    warm_cpu.push_back(cpu_s(reader.child_pid()) - before_warm);
    kill(reader.child_pid());
    const auto before_pooled = cpu_s(reader.spare_pid());  // whose turn it is
    pooled.push_back(seconds_of([&] { read(reader, file); }));
    pooled_cpu.push_back(cpu_s(reader.child_pid()) - before_pooled);
    wait_for_spare(reader, file);
    kill(reader.spare_pid());
    kill(reader.child_pid());
    cold.push_back(seconds_of([&] { read(reader, other); }));
    read(reader, file);
  }
  return {{"warm_s", median(warm)}, {"pooled_s", median(pooled)}, {"cold_s", median(cold)}, {"warm_cpu_s", median(warm_cpu)},
          {"pooled_cpu_s", median(pooled_cpu)}};
}

/// Lines of smaps_rollup, in bytes.
nlohmann::json memory_of(pid_t pid) {
  std::ifstream in{"/proc/" + std::to_string(pid) + "/smaps_rollup"};
  nlohmann::json found;
  std::string key;
  for (std::string line; std::getline(in, line);) {
    for (const std::string name : {"Rss:", "Pss:", "Private_Clean:", "Private_Dirty:"}) {
      if (line.starts_with(name)) found[name.substr(0, name.size() - 1)] = 1024 * std::atol(line.c_str() + name.size());
    }
  }
  return found;
}

/// `files` by the child and in this process, turn about.
nlohmann::json protocol(const std::vector<fs::path>& files, int rounds) {
  page::Reader reader;
  read(reader, files.front());
  const auto child = reader.child_pid();
  std::vector<double> by_child, here, by_child_cpu, here_cpu;
  for (int round = 0; round < rounds; ++round) {
    const auto began = cpu_s(child);
    by_child.push_back(seconds_of([&] {
      for (const auto& file : files) read(reader, file);
    }));
    const auto between = cpu_s(child);
    here.push_back(seconds_of([&] {
      for (const auto& file : files) decode(file);
    }));
    by_child_cpu.push_back(between - began);
    here_cpu.push_back(cpu_s(child) - between);
  }
  const auto count = static_cast<double>(files.size());
  return {{"child_s", median(by_child) / count},
          {"here_s", median(here) / count},
          {"child_cpu_s", median(by_child_cpu) / count},
          {"here_cpu_s", median(here_cpu) / count}};
}

/// Rows of strokes, about as dense as print.
void write_jpeg(const fs::path& file, int width_px, int height_px) {
  FILE* const out = std::fopen(file.c_str(), "wb");
  require(out != nullptr, "cannot write the JPEG");
  jpeg_compress_struct info{};
  jpeg_error_mgr errors{};
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  jpeg_stdio_dest(&info, out);
  info.image_width = static_cast<JDIMENSION>(width_px);
  info.image_height = static_cast<JDIMENSION>(height_px);
  info.input_components = 1;
  info.in_color_space = JCS_GRAYSCALE;
  jpeg_set_defaults(&info);
  jpeg_start_compress(&info, TRUE);
  std::vector<JSAMPLE> row(static_cast<std::size_t>(width_px));
  for (int y = 0; y < height_px; ++y) {
    for (int x = 0; x < width_px; ++x) row[static_cast<std::size_t>(x)] = y % 24 < 12 && (x * 7 + y / 24 * 13) % 11 < 4 ? 40 : 230;
    auto* pointer = row.data();
    jpeg_write_scanlines(&info, &pointer, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  std::fclose(out);
}

}  // namespace

/// Arguments: --jpeg FILE WIDTH HEIGHT, to write one. Or: a JPEG and a PDF, each with a second name ending in .other; a folder of links to a JPEG; repeats.
int main(int argc, char** argv) {
  if (argc != 5) return 2;
  if (std::string_view{argv[1]} == "--jpeg") {
    write_jpeg(argv[2], std::atoi(argv[3]), std::atoi(argv[4]));
    return 0;
  }
  const int repeats = std::atoi(argv[4]);
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator{argv[3]}) files.push_back(entry.path());
  nlohmann::json all;
  all["jpeg"] = first_page(argv[1], repeats);
  all["pdf"] = first_page(argv[2], repeats);
  all["protocol"] = protocol(files, 3);
  page::Reader reader;
  wait_for_spare(reader, argv[1]);
  all["spare"] = memory_of(reader.spare_pid());
  std::cout << all << '\n';
  return 0;
}
