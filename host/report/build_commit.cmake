# SPDX-FileCopyrightText: 2026 The Plateau authors
# SPDX-License-Identifier: Apache-2.0
# cmake -DSOURCE=<folder> -DOUT=<file> -P build_commit.cmake: writes the definition of this_build(), for the sources in
# the folder. A file that would say the same stays as it is, so that nothing is compiled anew. Without git, or where the
# folder is not a repository's own (a tarball unpacked inside of another repository is not), the commit is empty.

set(commit "")
set(dirty false)
find_program(GIT_PROGRAM git)
if(GIT_PROGRAM)
  execute_process(COMMAND ${GIT_PROGRAM} -C ${SOURCE} rev-parse --show-cdup HEAD RESULT_VARIABLE failed
                  OUTPUT_VARIABLE told ERROR_QUIET)
  if(NOT failed AND told MATCHES "^\n([0-9a-f]+)\n$")  # no way up to the repository's folder, and the commit
    set(commit ${CMAKE_MATCH_1})
    execute_process(COMMAND ${GIT_PROGRAM} --no-optional-locks -C ${SOURCE} status --porcelain --untracked-files=no
                    OUTPUT_VARIABLE changes ERROR_QUIET)
    if(NOT changes STREQUAL "")
      set(dirty true)
    endif()
  endif()
endif()
file(CONFIGURE OUTPUT ${OUT} CONTENT [[#include "plateau/report/build.hpp"

plateau::Build plateau::this_build() { return {"@commit@", @dirty@}; }
]] @ONLY)
