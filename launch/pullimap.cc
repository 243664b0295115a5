// pullimap: what the user starts. This version understands its command line, and does not deliver yet.
#include <cstdio>
#include <string_view>
#include <vector>

#include "ipc/exit_status.h"
#include "launch/escape.h"
#include "launch/options.h"
#include "launch/process.h"

namespace interimap {
namespace {

constexpr Option kOptions[] = {
    {"config", 0, Option::Value::text},
    {"idle", 0, Option::Value::number},
    {"no-delivery"},
    {"quiet", 'q'},
    {"debug"},
    {"help", 'h'},
    {"version"},
};
constexpr std::string_view kHelp =
    "Usage: pullimap [OPTIONS] SECTION\n"
    "Consult the manpage for more information.\n";
constexpr std::string_view kUsage =
    "Usage: pullimap [OPTIONS] SECTION\n"
    "Try 'pullimap --help' or consult the manpage for more information.\n";

void show(std::FILE* where, std::string_view text) { std::fwrite(text.data(), 1, text.size(), where); }

int start(std::span<const std::string_view> words) {
  Scanned scanned = scanOptions(words, kOptions, Ordering::anywhere);
  for (const std::string& error : scanned.errors) show(stderr, escape(error) + "\n");
  auto given = [&](std::string_view name) {
    for (const auto& option : scanned.given)
      if (option.name == name) return true;
    return false;
  };
  if (scanned.errors.empty() && given("version")) {
    show(stdout, "pullimap version " VERSION "\n");
    return 0;
  }
  if (scanned.errors.empty() && given("help")) {
    show(stderr, kHelp);
    return 0;
  }
  if (!scanned.errors.empty() || scanned.arguments.size() != 1 || scanned.arguments[0] == "_") {
    show(stderr, kUsage);
    return static_cast<int>(ExitStatus::usage);
  }
  show(stderr,
       "ERROR: this version of pullimap does not deliver mail yet; the state of the Perl pullimap is left as "
       "it is\n");
  return static_cast<int>(ExitStatus::unavailable);
}

}  // namespace
}  // namespace interimap

int main(int count, char** words) {
  interimap::cleanProcess();
  std::vector<std::string_view> arguments(words + (count > 0 ? 1 : 0), words + count);
  return interimap::start(arguments);
}
