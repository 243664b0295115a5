#include "tests/bench/unpacked.h"

#include <cstdio>

#include "tests/e2e/debian13.h"
#include "tests/e2e/process.h"

namespace interimap::bench {
namespace {

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

}  // namespace

std::optional<Unpacked> Unpacked::find(const std::string& name, const std::string& packages,
                                       const fs::path& program) {
  Unpacked unpacked{bed::cacheDirectory() / name};
  if (fs::exists(unpacked.root / program)) return unpacked;
  bed::Command unpack{{"sh", "-ec", kUnpack, unpacked.root.string(), packages}, {}};
  unpack.unprivileged = false;
  unpack.timeout = std::chrono::minutes(3);
  bed::Outcome outcome = bed::run(unpack);
  if (fs::exists(unpacked.root / program)) return unpacked;
  std::fprintf(stderr, "no %s: its packages cannot be had here: %s\n", name.c_str(), outcome.errors.c_str());
  return std::nullopt;
}

std::vector<std::string> Unpacked::environment() const {
  return {"LD_LIBRARY_PATH=" + (root / "usr/lib/x86_64-linux-gnu").string() + ":" +
              (root / "usr/lib/postfix").string() + ":" + (root / "lib/x86_64-linux-gnu").string(),
          "PYTHONPATH=" + (root / "usr/lib/python3/dist-packages").string()};
}

}  // namespace interimap::bench
