// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/data/npz.hpp"

#include <zip.h>

#include <algorithm>
#include <array>
#include <memory>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "labelled_rows.hpp"
#include "npy_source.hpp"
#include "wording.hpp"

namespace plateau {
namespace {

constexpr zip_uint64_t kLargestInflation = 1032;  // of DEFLATE: 258 bytes from a pair of 1-bit codes
constexpr Index kReadAtOnce = 1 << 20;
constexpr std::string_view kEnding = ".npy";
constexpr std::array<std::string_view, 5> kFeaturesNames{"X", "x", "features", "embeddings", "data"};
constexpr std::array<std::string_view, 5> kLabelsNames{"y", "Y", "labels", "label", "targets"};

struct Member {
  std::string name;  // as in the archive
  zip_uint64_t place = 0;
  Index bytes = 0;  // decompressed

  std::string array() const { return name.ends_with(kEnding) ? name.substr(0, name.size() - kEnding.size()) : name; }
};

struct Discard {
  void operator()(zip_t* archive) const { zip_discard(archive); }
  void operator()(zip_file_t* member) const { zip_fclose(member); }
};

// An archive whose directory has been judged.
class Archive {
 public:
  explicit Archive(const std::filesystem::path& path) : name_(path.string()), file_bytes_(regular_file_bytes(path)) {
    int error = 0;
    zip_ = std::unique_ptr<zip_t, Discard>(zip_open(path.c_str(), ZIP_RDONLY, &error));
    if (!zip_) {
      zip_error_t reason;
      zip_error_init_with_code(&reason, error);
      const std::string words = zip_error_strerror(&reason);
      zip_error_fini(&reason);
      refuse("not an NPZ archive that can be read: " + words);
    }
    read_directory();
  }

  const std::string& name() const { return name_; }
  const std::vector<Member>& members() const { return members_; }
  std::string name_of(const Member& member) const { return name_ + ": member " + in_quotes(member.name); }
  const std::shared_ptr<zip_t>& zip() const { return zip_; }

  [[noreturn]] void refuse(const std::string& what) const { throw InputError(name_ + ": " + what); }

 private:
  void read_directory() {
    std::set<std::string> names;
    Index compressed_bytes = 0;
    const zip_int64_t count = zip_get_num_entries(zip_.get(), 0);
    if (count == 0) refuse("the archive has no members");
    for (zip_int64_t place = 0; place < count; ++place) {
      zip_stat_t entry;
      if (zip_stat_index(zip_.get(), static_cast<zip_uint64_t>(place), ZIP_FL_ENC_RAW, &entry) != 0)
        refuse("the entry of member " + std::to_string(place) + " cannot be read");
      constexpr zip_uint64_t kNeeded =
          ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
      if ((entry.valid & kNeeded) != kNeeded) refuse("the entry of member " + std::to_string(place) + " is incomplete");
      const Member member{entry.name, entry.index, expect_sizes(entry)};
      if (!names.insert(member.array()).second) refuse("two members have the name " + in_quotes(member.name));
      compressed_bytes += static_cast<Index>(entry.comp_size);
      if (compressed_bytes > file_bytes_)
        refuse("its members claim more compressed bytes than the " + std::to_string(file_bytes_) +
               " of the file; they overlap at " + in_quotes(member.name));
      members_.push_back(member);
    }
  }

  // The bytes that the member has when it is decompressed.
  Index expect_sizes(const zip_stat_t& entry) const {
    const std::string member = "member " + in_quotes(entry.name);
    if (entry.encryption_method != ZIP_EM_NONE) refuse(member + " is encrypted");
    if (entry.comp_method != ZIP_CM_STORE && entry.comp_method != ZIP_CM_DEFLATE)
      refuse(member + " is compressed by method " + std::to_string(entry.comp_method) +
             "; stored and deflated members are read");
    if (std::cmp_greater(entry.comp_size, file_bytes_))
      refuse(member + " claims " + std::to_string(entry.comp_size) + " compressed bytes, and the file has " +
             std::to_string(file_bytes_));
    const bool possible = entry.comp_method == ZIP_CM_STORE ? entry.size == entry.comp_size
                                                            : entry.size / kLargestInflation <= entry.comp_size;
    if (!possible)
      refuse(member + " claims " + std::to_string(entry.size) + " bytes, which " + std::to_string(entry.comp_size) +
             " compressed ones cannot hold");
    return static_cast<Index>(entry.size);
  }

  std::string name_;
  Index file_bytes_;
  std::shared_ptr<zip_t> zip_;  // a member that is open needs it
  std::vector<Member> members_;
};

// The bytes of a member, decompressed as they are asked for.
class MemberBytes final : public ByteSource {
 public:
  MemberBytes(const Archive& archive, const Member& member)
      : ByteSource(archive.name_of(member), "member"),
        zip_(archive.zip()),
        file_(zip_fopen_index(zip_.get(), member.place, 0)) {
    if (!file_) refuse(std::string("it cannot be read: ") + zip_strerror(zip_.get()));
    set_left(member.bytes);
  }

  // There are no more bytes, and those that were read have the checksum of the archive.
  void expects_end() override {
    char beyond = 0;
    const zip_int64_t got = zip_fread(file_.get(), &beyond, 1);
    if (got > 0) refuse("its data go on behind the bytes that the archive announces");
    if (got < 0) refuse_error();
  }

 private:
  [[noreturn]] void refuse_error() { refuse(std::string("it cannot be read: ") + zip_file_strerror(file_.get())); }

  void take(char* to, Index bytes) override {
    while (bytes > 0) {
      const zip_int64_t got = zip_fread(file_.get(), to, static_cast<zip_uint64_t>(std::min(bytes, kReadAtOnce)));
      if (got < 0) refuse_error();
      if (got == 0) refuse("its data end before the bytes that the archive announces");
      to += got;
      bytes -= got;
    }
  }

  std::shared_ptr<zip_t> zip_;
  std::unique_ptr<zip_file_t, Discard> file_;
};

// What kind of array is looked for.
struct Kind {
  const char* words;  // for a sentence
  const std::string& name;
  const std::array<std::string_view, 5>& usual;
  bool (*fits)(const NpyHeader&);
};

const Member* find(const Archive& archive, std::string_view array) {
  for (const Member& member : archive.members())
    if (member.array() == array || member.name == array) return &member;
  return nullptr;
}

const Member& choose(const Archive& archive, const Kind& kind) {
  if (!kind.name.empty()) {
    const Member* const named = find(archive, kind.name);
    if (named != nullptr) return *named;
    std::vector<std::string> names;
    for (const Member& member : archive.members()) names.push_back(member.array());
    archive.refuse("there is no array " + in_quotes(kind.name) + "; its arrays are " + some_in_quotes(names));
  }
  for (const std::string_view usual : kind.usual)
    if (const Member* const member = find(archive, usual)) return *member;

  const Member* only = nullptr;
  int fitting = 0;
  std::vector<std::string> seen;
  for (const Member& member : archive.members()) {
    MemberBytes bytes(archive, member);
    std::string what = "no NPY array of numbers";
    try {
      const NpyHeader header = read_npy_header(bytes);
      what = dtype_and_shape(header);
      if (kind.fits(header)) {
        only = &member;
        ++fitting;
      }
    } catch (const InputError&) {  // NOLINT(bugprone-empty-catch): it is none of those looked for, and listed as such
    }
    seen.push_back(in_quotes(member.array()) + " " + what);
  }
  if (fitting != 1)
    archive.refuse(std::string(fitting == 0 ? "no array is " : "several arrays are ") + kind.words + " and none is " +
                   "named " + std::string(kind.usual[0]) + ": " + list_of(seen));
  return *only;
}

const Member& choose_features(const Archive& archive, const std::string& name) {
  return choose(archive, {"2-D features ('<f4', '<f8')", name, kFeaturesNames, &are_npy_features});
}

std::unique_ptr<FeatureRows> open_member(const Archive& archive, const Member& member) {
  return open_npy_features(std::make_unique<MemberBytes>(archive, member));
}

}  // namespace

FeaturesAndLabels read_npz(const std::filesystem::path& path, const NpzNames& names) {
  const Archive archive(path);
  const Member& x = choose_features(archive, names.features);
  const Member& y = choose(archive, {"1-D labels (integers)", names.labels, kLabelsNames, &are_npy_labels});
  FeaturesAndLabels rows;
  rows.features = open_member(archive, x)->all();
  MemberBytes labels(archive, y);
  rows.labels = read_npy_labels(labels);
  labels.expects_end();
  expects_labelled_rows(archive.name_of(x), archive.name_of(y), rows);
  return rows;
}

std::unique_ptr<FeatureRows> open_npz_features(const std::filesystem::path& path) {
  const Archive archive(path);
  return open_member(archive, choose_features(archive, {}));
}

}  // namespace plateau
