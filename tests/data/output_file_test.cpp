// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/data/output_file.hpp"

#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>

#include "files.hpp"

namespace plateau::output_file_test {
namespace {

using namespace testing_files;

std::size_t files_in(const std::filesystem::path& folder) {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder), {}));
}

// While it lives, no file of this process can grow beyond `bytes`, as on a full disk.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) {
    getrlimit(RLIMIT_FSIZE, &before_);
    handler_ = std::signal(SIGXFSZ, SIG_IGN);
    rlimit limit = before_;
    limit.rlim_cur = bytes;
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FullDisk() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_{};
  void (*handler_)(int) = nullptr;
};

TEST(OutputFile, the_bytes_arrive_and_nothing_else_is_left) {
  const auto path = test_folder() / "out";
  const std::string bytes("a\0b\n\xff", 5);

  write_file(path, bytes);

  EXPECT_EQ(get(path), bytes);
  EXPECT_EQ(files_in(test_folder()), 1u);
}

TEST(OutputFile, what_killed_writers_have_left_is_removed_and_nothing_else) {
  const auto folder = test_folder();
  {
    OutputFile unfinished(folder / "out");
    for (const auto& entry : std::filesystem::directory_iterator(folder))  // as if it had been killed here
      std::filesystem::copy_file(entry.path(), folder / ".plateau-of-a-killed-writer.tmp");
  }
  for (const char* const name : {"out.tmp", ".plateau-notes", "plateau-x.tmp"}) put(name, "");
  EXPECT_EQ(files_in(folder), 4u);

  remove_unfinished(folder);
  remove_unfinished(folder / "none");

  EXPECT_EQ(files_in(folder), 3u);
  EXPECT_FALSE(std::filesystem::exists(folder / ".plateau-of-a-killed-writer.tmp"));
}

TEST(OutputFile, a_file_may_be_empty) {
  const auto path = test_folder() / "out";

  write_file(path, "");

  EXPECT_TRUE(std::filesystem::exists(path));
  EXPECT_EQ(get(path), "");
}

TEST(OutputFile, an_older_file_is_replaced_by_the_commit_and_not_before) {
  const auto path = put("out", "old and longer");
  OutputFile file(path);
  file.write("new");
  EXPECT_EQ(get(path), "old and longer");

  file.commit();

  EXPECT_EQ(get(path), "new");
}

TEST(OutputFile, what_is_not_committed_leaves_no_trace) {
  const auto path = put("out", "old");

  { OutputFile(path).write("new"); }

  EXPECT_EQ(get(path), "old");
  EXPECT_EQ(files_in(test_folder()), 1u);
}

TEST(OutputFile, bytes_that_were_written_can_be_overwritten) {
  const auto path = test_folder() / "out";
  OutputFile file(path);
  file.write("0 rows\n");
  const std::string much(10'000, 'a');  // more than is buffered
  file.write(much);
  file.overwrite(0, "7");
  file.write("end");

  file.commit();

  EXPECT_TRUE(get(path) == "7 rows\n" + much + "end");
}

TEST(OutputFile, two_writers_of_one_name_do_not_mix) {
  const auto path = test_folder() / "out";
  OutputFile first(path), second(path);
  first.write("first");
  second.write("2nd");

  first.commit();
  EXPECT_EQ(get(path), "first");
  second.commit();

  EXPECT_EQ(get(path), "2nd");
}

TEST(OutputFile, a_name_relative_to_the_present_folder_is_written_there) {
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(test_folder());

  write_file("out", "here");

  EXPECT_EQ(get("out"), "here");
  std::filesystem::current_path(before);
}

TEST(OutputFile, the_longest_name_a_folder_can_hold_is_written) {
  const auto path = test_folder() / std::string(255, 'a');

  write_file(path, "x");

  EXPECT_EQ(get(path), "x");
}

TEST(OutputFile, a_symbolic_link_stays_and_its_target_is_replaced) {
  const auto target = put("target", "old");
  const auto link = test_folder() / "link";
  std::filesystem::create_symlink("target", link);

  write_file(link, "new");

  EXPECT_TRUE(std::filesystem::is_symlink(link));
  EXPECT_EQ(get(target), "new");
}

TEST(OutputFile, a_file_that_is_replaced_keeps_its_permissions) {
  namespace fs = std::filesystem;
  const mode_t before = umask(022);
  for (const auto mode : {fs::perms{0600}, fs::perms{0640}, fs::perms{0666}, fs::perms{0400}}) {
    const auto path = put("out", "old");
    fs::permissions(path, mode);
    OutputFile file(path);
    for (const auto& entry : fs::directory_iterator(test_folder())) EXPECT_EQ(entry.status().permissions(), mode);
    file.commit();
    EXPECT_EQ(fs::status(path).permissions(), mode);
    fs::remove(path);
  }
  write_file(test_folder() / "new", "");
  EXPECT_EQ(fs::status(test_folder() / "new").permissions(), fs::perms{0644});
  umask(before);

  const auto target = put("target", "old");
  fs::permissions(target, fs::perms{0600});
  fs::create_symlink("target", test_folder() / "link");
  write_file(test_folder() / "link", "new");
  EXPECT_EQ(fs::status(target).permissions(), fs::perms{0600});
}

TEST(OutputFile, a_folder_that_is_not_there_is_refused_with_the_systems_reason) {
  const auto path = test_folder() / "nowhere" / "out";

  EXPECT_EQ(refusal([&] { write_file(path, "x"); }), in_file(path, "cannot be written: No such file or directory"));
}

TEST(OutputFile, a_folder_and_a_pipe_are_refused_and_kept) {
  const auto folder = test_folder() / "folder", pipe = test_folder() / "pipe";
  std::filesystem::create_directory(folder);
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);

  for (const auto& path : {folder, pipe})
    EXPECT_EQ(refusal([&] { write_file(path, "x"); }), in_file(path, "cannot be written, it is not a regular file"));

  EXPECT_TRUE(std::filesystem::is_directory(folder));
  EXPECT_TRUE(std::filesystem::is_fifo(pipe));
  EXPECT_EQ(files_in(test_folder()), 2u);
}

TEST(OutputFile, a_rename_that_fails_removes_the_temporary) {
  const auto path = test_folder() / std::string(256, 'a');

  EXPECT_EQ(refusal([&] { write_file(path, "x"); }), in_file(path, "cannot be written: File name too long"));
  EXPECT_EQ(files_in(test_folder()), 0u);
}

TEST(OutputFile, a_full_disk_keeps_the_older_file_whether_the_write_or_the_flush_meets_it) {
  const auto path = put("out", "old");
  for (const std::size_t bytes : {std::size_t{100}, std::size_t{1} << 20}) {
    std::string sentence;
    {
      const FullDisk full(64);
      sentence = refusal([&] { write_file(path, std::string(bytes, 'x')); });
    }

    EXPECT_EQ(sentence, in_file(path, "cannot be written: File too large"));
    EXPECT_EQ(get(path), "old");
    EXPECT_EQ(files_in(test_folder()), 1u);
  }
}

}  // namespace
}  // namespace plateau::output_file_test
