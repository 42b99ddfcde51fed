// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What a build says of its sources, and how it finds that out: host/report/build_commit.cmake, run on small folders.
#include "plateau/report/build.hpp"

#include <gtest/gtest.h>

#include "data/files.hpp"
#include "support/program.hpp"

namespace plateau::test::build_test {
namespace {

namespace fs = std::filesystem;

bool is_commit(const std::string& text) {
  return text.size() == 40 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

TEST(Build, names_a_commit_or_none) {
  const Build build = this_build();
  EXPECT_TRUE(build.commit.empty() || is_commit(build.commit)) << build.commit;
  EXPECT_FALSE(build.commit.empty() && build.dirty);
}

class BuildCommit : public testing::Test {
 protected:
  const fs::path folder = testing_files::test_folder();
  const fs::path sources = folder / "sources";

  void SetUp() override {
    fs::create_directories(sources);
    if (shell("git --version").exit_code != 0) GTEST_SKIP() << "there is no git on this machine";
  }
  ProgramResult shell(const std::string& command) const {
    return run_program({"/bin/sh", "-c", "cd " + sources.string() + " && " + command}, folder);
  }
  // Prints the commit.
  std::string make_a_commit() const {
    const ProgramResult made = shell(
        "git init -q . && echo one > file && git add file && "
        "git -c user.name=a -c user.email=a@b commit -q -m one && git rev-parse HEAD");
    EXPECT_EQ(made.exit_code, 0) << made.err;
    return made.out.substr(0, made.out.find('\n'));
  }
  fs::path out() const { return folder / "build_commit.cpp"; }
  std::string written_for(const fs::path& source) const {
    const ProgramResult result = run_program(
        {PLATEAU_CMAKE, "-DSOURCE=" + source.string(), "-DOUT=" + out().string(), "-P", PLATEAU_SCRIPT}, folder);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return file_content(out());
  }
  static std::string defining(const std::string& commit, const std::string& dirty) {
    return "#include \"plateau/report/build.hpp\"\n\nplateau::Build plateau::this_build() { return {\"" + commit +
           "\", " + dirty + "}; }\n";
  }
};

TEST_F(BuildCommit, is_that_of_the_sources_and_says_whether_they_changed_since) {
  const std::string commit = make_a_commit();
  ASSERT_TRUE(is_commit(commit)) << commit;
  EXPECT_EQ(written_for(sources), defining(commit, "false"));

  shell("echo new > untracked");
  EXPECT_EQ(written_for(sources), defining(commit, "false"));
  shell("echo two > file");
  EXPECT_EQ(written_for(sources), defining(commit, "true"));
}

TEST_F(BuildCommit, writes_no_file_anew_that_would_say_the_same) {
  make_a_commit();
  written_for(sources);
  const fs::file_time_type long_ago = fs::last_write_time(out()) - std::chrono::hours(1);
  fs::last_write_time(out(), long_ago);

  written_for(sources);
  EXPECT_EQ(fs::last_write_time(out()), long_ago);
  shell("echo two > file");
  written_for(sources);
  EXPECT_NE(fs::last_write_time(out()), long_ago);
}

TEST_F(BuildCommit, is_not_that_of_a_repository_around_the_sources_and_none_without_one) {
  EXPECT_EQ(written_for(sources), defining("", "false"));
  make_a_commit();
  fs::create_directories(sources / "tarball");
  EXPECT_EQ(written_for(sources / "tarball"), defining("", "false"));
}

}  // namespace
}  // namespace plateau::test::build_test
