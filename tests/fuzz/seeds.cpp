// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// seeds DIR: a few small files of every format, legal ones, in DIR/PARSER, for the fuzzers to begin with.
#include <zip.h>
#include <zlib.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "plateau/data/model_file.hpp"
#include "plateau/data/npy.hpp"
#include "plateau/data/safetensors.hpp"
#include "plateau/report/checkpoint.hpp"

namespace {

namespace fs = std::filesystem;
using namespace plateau;

fs::path folder_of(const fs::path& all, const char* parser) {
  fs::create_directories(all / parser);
  return all / parser;
}

void put(const fs::path& path, const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; }

void write_npy(const fs::path& folder) {
  const std::vector<float> x{1, -2, 3.5f, 4, 5, 6};
  const std::vector<std::int32_t> y{1, 0};
  write_npy_features(folder / "X.npy", {x.data(), 2, 3, 3});
  write_npy_labels(folder / "y.npy", {y.data(), 2});
  const auto array = [&](const char* name, const char* dtype, const char* shape, std::size_t bytes) {
    const std::string dict =
        "{'descr': '" + std::string(dtype) + "', 'fortran_order': False, 'shape': " + shape + ", }\n";
    put(folder / name,
        std::string("\x93NUMPY\x01\x00", 8) + static_cast<char>(dict.size()) + '\0' + dict + std::string(bytes, '\0'));
  };
  array("doubles.npy", "<f8", "(2, 2)", 32);
  array("bytes.npy", "|u1", "(3,)", 3);
  array("longs.npy", "<i8", "(2,)", 16);
}

void write_npz(const fs::path& folder, const fs::path& npy) {
  for (const auto& [method, x_name, y_name] :
       {std::tuple(ZIP_CM_STORE, "X.npy", "y.npy"), std::tuple(ZIP_CM_DEFLATE, "a.npy", "b.npy")}) {
    const fs::path path = folder / ("archive-" + std::to_string(method));
    fs::remove(path);
    int error = 0;
    zip_t* const archive = zip_open(path.c_str(), ZIP_CREATE, &error);
    for (const auto& [name, from] : {std::pair(x_name, "X.npy"), std::pair(y_name, "y.npy")}) {
      zip_source_t* const source = zip_source_file(archive, (npy / from).c_str(), 0, -1);
      const auto at = static_cast<zip_uint64_t>(zip_file_add(archive, name, source, 0));
      zip_set_file_compression(archive, at, method, 9);
    }
    if (zip_close(archive) != 0) std::abort();
  }
}

void write_tensors(const fs::path& folder, const fs::path& models) {
  write_safetensors(folder / "tensors", std::vector<Tensor>{{"a", {2, 2}, {1, 2, 3, 4}}, {"b", {}, {5}}},
                    {{"format", "pt"}});
  for (const std::string dtype : {"F16", "BF16"}) {
    const std::string header = R"({"x":{"dtype":")" + dtype + R"(","shape":[2,2],"data_offsets":[2,10]},)" +
                               R"("y":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}})";
    put(folder / dtype, static_cast<char>(header.size()) + std::string(7, '\0') + header + std::string(10, '\1'));
  }
  write_safetensors(folder / "one by one",
                    std::vector<Tensor>{{"a", {1}, {1}}, {"b", {0}, {}}, {"c", {1}, {2}}, {"d", {0}, {}}});
  const std::vector<double> f64{1, 2};
  const std::vector<std::int32_t> i32{-1};
  const std::vector<std::uint32_t> u32{3};
  write_typed_tensors(
      folder / "typed",
      std::vector<TensorView>{{"d", {2, 1}, std::span(f64)}, {"i", {1}, std::span(i32)}, {"u", {}, std::span(u32)}});
  const LinearStack stack{{2, 3, 2}, std::vector<float>(3 * 2 + 3 + 2 * 3 + 2, 0.5f)};
  write_linear_stack(models / "stack", stack);
  write_model_file(models / "model", {stack, {"a", "b"}, {"c", "d"}, {0.5f, -1.25f}, {1, 3e-7f}});
}

void write_checkpoints(const fs::path& folder) {
  const Architecture net{{1, 2}};
  const FlatParameters values{1, -2, 0.5f, 0};
  RunState state{.epoch = 1,
                 .step = 3,
                 .parameters = values,
                 .first_moment = values,
                 .second_moment = values,
                 .predicted = {1, 0, -1}};
  Checkpoint checkpoint{
      .architecture = net, .options = {"train"}, .device = "cpu", .so_far = {.history = {{}}, .parameters = values}};
  checkpoint.so_far.state = state;
  write_checkpoint(folder / "plain", checkpoint);
  state.best_epochs = 1;
  state.best_parameters = values;
  state.plan = {.layers = {{}}, .autotuned = true};
  checkpoint.so_far.test_correct = CorrectBits({5}, 1, 3);
  checkpoint.so_far.layers = {{}};
  checkpoint.so_far.state = state;
  write_checkpoint(folder / "everything", checkpoint, {.classes = {"a", "b"}});
}

void write_idx(const fs::path& folder) {
  put(folder / "labels", std::string("\0\0\x08\1\0\0\0\2\1\0", 10));
  put(folder / "images", std::string("\0\0\x08\3\0\0\0\2\0\0\0\1\0\0\0\2", 16) + "abcd");
  for (const auto& [type, bytes] :
       {std::pair(0x09, 2), std::pair(0x0B, 4), std::pair(0x0C, 8), std::pair(0x0D, 8), std::pair(0x0E, 16)})
    put(folder / std::to_string(type), std::string(2, '\0') + static_cast<char>(type) +
                                           std::string("\2\0\0\0\2\0\0\0\1", 9) +
                                           std::string(static_cast<std::size_t>(bytes), '\0'));
}

void write_gzip(const fs::path& path, const std::string& bytes) {
  const gzFile file = gzopen(path.c_str(), "wb9");
  if (gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size())) != static_cast<int>(bytes.size()) ||
      gzclose(file) != Z_OK)
    std::abort();
}

void write_tables(const fs::path& folder, const fs::path& streams) {
  const std::string table = "a,b,kind\n1,-2.5e3,cat\n.5,+4,dog\n3,1e-7,cat\n";
  put(folder / "header", table);
  put(folder / "numbers", "1,2,0\n3,4,1\n5,6,2.0\n");
  put(folder / "quotes", "\xef\xbb\xbf\"a\"\"b\";b;k\r\n1;2;\"x;\r\ny\"\r\n3;4; z \r\n\r\n");
  put(folder / "tabs", "1\t2\t3\t4\n5\t6\t7\t8");
  put(folder / "missing", "a,b,c\n1,nan,x\n,2,y\n");
  write_gzip(folder / "gzip", table);
  put(streams / "plain", table);
  write_gzip(streams / "gzip", table);
  write_gzip(streams / "zeros", std::string(5000, '\0'));
  write_gzip(streams / "member", std::string(700, 'a'));
  std::ifstream member(streams / "member", std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(member), {}};
  put(streams / "members", bytes + bytes + bytes);
}

void write_rounds(const fs::path& folder) {
  put(folder / "log", "round,train_loss,train_accuracy,test_accuracy\n1,0.9,0.5,0.625\n2,,0.75,6.5e-1\n");
  put(folder / "percent", "Acc;note\n0;x\n81.25;\n100;\"y\"\n");
  put(folder / "keras", "epoch,accuracy,loss,val_accuracy,val_loss\n0,0.9,0.3,0.7,0.8\n1,1,0.2,0.7,0.9\n");
  put(folder / "steps", ",loss,epoch,step,eval_accuracy\n0,0.9,0.5,5,\n1,,0.5,5,0.75\n2,nan,1,10,\n3,,1,10,0.8\n");
  put(folder / "truth", "id,label,pred\n1,cat,LABEL_0\n2,dog,LABEL_1\n");
  put(folder / "classes", "class,p(cat),p(dog)\ncat,0.75,0.25\ndog,0.5,0.5\n");
  put(folder / "column", "cat\n\"a, b\"\ncat\n");
  put(folder / "ids", "0\n1.0\n+2\n");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const fs::path all = argv[1];
  write_npy(folder_of(all, "npy"));
  write_npz(folder_of(all, "npz"), all / "npy");
  write_tensors(folder_of(all, "safetensors"), folder_of(all, "model_file"));
  write_checkpoints(folder_of(all, "checkpoint"));
  write_idx(folder_of(all, "idx"));
  write_tables(folder_of(all, "csv"), folder_of(all, "byte_stream"));
  write_rounds(folder_of(all, "round_files"));
}
