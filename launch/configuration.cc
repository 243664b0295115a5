#include "launch/configuration.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "ipc/body.h"
#include "ipc/failure.h"
#include "launch/account.h"
#include "launch/key.h"
#include "launch/list_patterns.h"

namespace interimap {

namespace {

// "local(INBOX): ", "local: " or nothing.
constexpr std::string_view kLogPrefix = "%?n?%?m?%n(%m)&%n?: ?";

bool isAbsolute(std::string_view value) { return value.size() > 1 && value[0] == '/' && isText(value); }

bool areSelectionOptions(std::string_view value) {
  return std::ranges::all_of(value, [](char c) { return c == ' ' || isAtomCharacter(c); });
}

struct Deletions {
  std::uint64_t most;
  bool percent;
};

// "100", "25%" or "25 %".
std::optional<Deletions> deletions(std::string_view value) {
  Deletions limit{};
  auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), limit.most);
  value.remove_prefix(static_cast<std::size_t>(end - value.data()));
  if (error != std::errc()) return std::nullopt;
  limit.percent = value == "%" || value == " %";
  if (limit.percent ? limit.most > 100 : !value.empty()) return std::nullopt;
  return limit;
}
bool isDeletions(std::string_view value) { return deletions(value).has_value(); }

constexpr Key kKeys[] = {
    {"database", isText},           {"logfile", isAbsolute},
    {"log-prefix", isTextOrEmpty},  {"list-reference", isWireTextOrEmpty},
    {"list-mailbox", isWireText},   {"list-select-opts", areSelectionOptions},
    {"ignore-mailbox", isWireText}, {"max-deletions", isDeletions},
};

}  // namespace

Configuration Configuration::parse(std::string_view text, const std::string& file) {
  return parse(Ini::parse(text, file), file);
}

Configuration Configuration::parse(const Ini& ini, const std::string& file) {
  const std::span<const Key> tables[] = {kAccountKeys, kKeys};
  Keys defaults(ini, Ini::kDefault, tables, file), local(ini, "local", tables, file),
      remote(ini, "remote", tables, file);

  Configuration all;
  all.local = {readAccount(local, false), PasswordSource::of(local), local.get("list-reference", "")};
  all.remote = {readAccount(remote, true), PasswordSource::of(remote), remote.get("list-reference", "")};
  all.database = defaults.get("database", all.remote.net.host + ".db");
  all.logfile = defaults.get("logfile");
  all.logPrefix = defaults.get("log-prefix", kLogPrefix);
  all.user = defaults.get("user", "nobody");
  if (auto value = defaults.get("list-mailbox")) {
    auto patterns = parsePatterns(*value);
    if (!patterns) defaults.refuse("list-mailbox", "Invalid value for list-mailbox: " + *value);
    all.patterns = std::move(*patterns);
  }
  all.selectionOptions = splitAtBlanks(upperCase(defaults.get("list-select-opts", "")));
  all.ignore = defaults.get("ignore-mailbox");
  if (auto limit = deletions(defaults.get("max-deletions", ""))) {
    all.maxDeletions = limit->most;
    all.maxDeletionsPercent = limit->percent;
  }
  return all;
}

ConfigurationFile ConfigurationFile::read(const std::string& path) {
  auto refuse = [&](const std::string& why) -> Failure {
    return Failure(ExitStatus::config, "No such config file " + path + why);
  };
  // Not blocking: the file may turn out to be a FIFO.
  Descriptor fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd) throw refuse(errno == ENOENT ? "" : std::string(": ") + strerror(errno));
  struct stat status {};
  if (fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) throw refuse(": not a regular file");

  std::string text(kMostOctets + 1,
                   '\0');  // at its full size at once: no copies of a password are left behind
  std::size_t size = 0;
  while (size < text.size()) {
    ssize_t n = ::read(fd.get(), text.data() + size, text.size() - size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw Failure(ExitStatus::config, path + ": " + strerror(errno));
    if (n == 0) break;
    size += static_cast<std::size_t>(n);
  }
  if (size > kMostOctets) throw Failure(ExitStatus::config, path + ": larger than a configuration can be");
  text.resize(size);
  ConfigurationFile file;
  file.mode = status.st_mode;
  file.text = Secret(std::move(text));
  return file;
}

}  // namespace interimap
