#include "tests/bench/packaged.h"

#include <unistd.h>

#include <cstdio>

#include "tests/e2e/debian13.h"
#include "tests/e2e/process.h"

namespace interimap::bench {
namespace {

namespace fs = std::filesystem;

// Into a directory of its own first, so that a cache that is there is complete.
constexpr const char* kUnpack = R"(
root=$0
mkdir -p "${root%/*}"
new=$(mktemp -d "$root.XXXXXX")
trap 'rm -rf "$new"' EXIT
cd "$new"
apt-get -qq download $1
for package in *.deb; do dpkg -x "$package" .; rm "$package"; done
chmod -R a+rX .
mv -T "$new" "$root" || [ -d "$root" ]
)";

bool canRun(const fs::path& program) { return access(program.c_str(), X_OK) == 0; }

}  // namespace

std::optional<PackagedProgram> PackagedProgram::find(const std::string& path, const std::string& packages) {
  if (canRun(path)) return PackagedProgram{path, {}};
  const fs::path root = bed::cacheDirectory() / packages.substr(0, packages.find(' '));
  const std::string r = root.string(), program = r + path;
  if (!canRun(program)) {
    bed::Command unpack{{"sh", "-ec", kUnpack, r, packages}, {}};
    unpack.unprivileged = false;
    unpack.timeout = std::chrono::minutes(3);
    bed::Outcome outcome = bed::run(unpack);
    if (!canRun(program)) {
      std::fprintf(stderr, "no %s: its packages cannot be had here: %s\n", path.c_str(),
                   outcome.errors.c_str());
      return std::nullopt;
    }
  }
  return PackagedProgram{program,
                         {"LD_LIBRARY_PATH=" + r + "/usr/lib/x86_64-linux-gnu:" + r +
                              "/lib/x86_64-linux-gnu:" + r + "/usr/lib/postfix",
                          "PYTHONPATH=" + r + "/usr/lib/python3/dist-packages"}};
}

}  // namespace interimap::bench
