// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/bench/stores.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <system_error>

namespace interimap::bench {
namespace {

constexpr const char* kMemory = "/dev/shm";
constexpr std::uint64_t kCopies = 20;  // of all mail, at the most, with all contenders and races

[[noreturn]] void fail(const fs::path& path) {
  throw std::system_error(errno, std::generic_category(), path.string());
}

// sdbox never writes a u.NUMBER again, so a hard link to one is a copy of it.
bool isImmutable(const fs::path& path) { return path.filename().string().starts_with("u."); }

void copyFile(const fs::path& from, const fs::path& to, const struct stat& status) {
  fs::copy_file(from, to);
  const timespec times[] = {status.st_atim, status.st_mtim};
  if (geteuid() == 0 && chown(to.c_str(), status.st_uid, status.st_gid) != 0) fail(to);
  if (utimensat(AT_FDCWD, to.c_str(), times, 0) != 0) fail(to);
}

void copyHome(const fs::path& from, const fs::path& to) {
  bed::makeDirectory(to);
  if (!fs::exists(from)) return;
  for (const auto& entry : fs::recursive_directory_iterator(from)) {
    const fs::path target = to / entry.path().lexically_relative(from);
    struct stat status {};
    if (lstat(entry.path().c_str(), &status) != 0) fail(entry.path());
    if (entry.is_directory()) {
      bed::makeDirectory(target);
    } else if (isImmutable(entry.path())) {
      fs::create_hard_link(entry.path(), target);
    } else if (entry.is_regular_file()) {
      copyFile(entry.path(), target, status);
    }
  }
}

void replaceHome(const fs::path& from, const fs::path& to) {
  fs::remove_all(to);
  copyHome(from, to);
}

// What is still to be written to the disk is not to be written while somebody is measured.
void settle(const fs::path& path) {
  int directory = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) fail(path);
  syncfs(directory);
  close(directory);
}

const char* capabilities(Level level) {
  switch (level) {
    case Level::all: break;
    case Level::condstore:
      return "IMAP4rev1 SASL-IR LITERAL+ ID ENABLE IDLE NAMESPACE UNSELECT UIDPLUS LIST-EXTENDED LIST-STATUS "
             "ESEARCH MULTIAPPEND MOVE CONDSTORE";
    case Level::bare: return "IMAP4rev1";
  }
  return "";
}

bed::DovecotOptions serverOptions(const StoresOptions& options, const bed::Certificates& certificates) {
  return {.mailLocation = options.location,
          .certificate = certificates.server(),
          .key = certificates.key(),
          .compress = options.compress,
          .capabilities = capabilities(options.level),
          .extra = "default_vsz_limit = 0\n"};  // a million messages take a session beyond the usual 256 MB
}

}  // namespace

Stores::Stores(const fs::path& directory, const StoresOptions& options)
    : Stores(directory, options, bed::Certificates(directory / "certificates")) {}

fs::path Stores::parent(std::uint64_t octetsOfMail) {
  struct statfs memory {};
  const bool enough =
      statfs(kMemory, &memory) == 0 && memory.f_type == TMPFS_MAGIC &&
      static_cast<std::uint64_t>(memory.f_bavail) * static_cast<std::uint64_t>(memory.f_bsize) >
          kCopies * octetsOfMail;
  return enough && access(kMemory, W_OK | X_OK) == 0 ? kMemory : "/tmp";
}

Stores::Stores(const fs::path& directory, const StoresOptions& options, bed::Certificates certificates)
    : local(directory / "local", serverOptions(options, certificates)),
      remote(directory / "remote", serverOptions(options, certificates)),
      certificates_(std::move(certificates)) {}

void Stores::save(const std::string& user, const std::string& state, const fs::path& work) const {
  for (const bed::Dovecot* server : {&local, &remote}) {
    server->waitUntilIdle();
    replaceHome(server->home(user), server->home(user + "." + state));
  }
  const fs::path saved = work.string() + "." + state;
  fs::remove_all(saved);
  bed::copyTree(work, saved);
}

void Stores::restore(const std::string& user, const std::string& state, const fs::path& work) const {
  for (const bed::Dovecot* server : {&local, &remote}) {
    server->waitUntilIdle();
    replaceHome(server->home(user + "." + state), server->home(user));
  }
  fs::remove_all(work);
  const fs::path saved = work.string() + "." + state;
  if (fs::exists(saved)) {
    bed::copyTree(saved, work);
  } else {
    bed::makeDirectory(work);
  }
  settle(work);
}

void Stores::copyLocal(const std::string& from, const std::string& to) const {
  local.waitUntilIdle();
  replaceHome(local.home(from), local.home(to));
}

Totals Stores::totals(const bed::Dovecot& server, const std::string& user) const {
  Totals totals;
  bed::ImapClient client = server.client(user);
  client.command("LIST \"\" \"*\" RETURN (STATUS (MESSAGES UIDNEXT))", [&](std::string_view response) {
    if (!response.starts_with("STATUS ")) return;
    const bed::Value items = bed::parseValues(response).at(2);
    totals.messages += std::stoull(items.after("MESSAGES").text);
    totals.uidNext += std::stoull(items.after("UIDNEXT").text);
  });
  return totals;
}

}  // namespace interimap::bench
