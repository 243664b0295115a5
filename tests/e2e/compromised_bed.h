// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The programs with workers in place of all three that do what LIE says (tests/compromised), and how they
// end.
#pragma once

#include "tests/e2e/eventually.h"
#include "tests/e2e/pull_scripted.h"
#include "tests/e2e/scripted.h"
#include "tests/e2e/sql.h"
#include "tests/e2e/workers.h"

namespace interimap::bed {

inline constexpr std::chrono::seconds kLongestLie{60};
inline constexpr std::uint64_t kMostMemoryOfLies = 64 << 20;

struct LyingTree {
  Directory directory;
  LyingTree() {
    const fs::path program = programPath(), from = program.parent_path().parent_path();
    for (const char* part : {"bin", "libexec"}) copyTree(from / part, directory / part);
    fs::permissions(directory.path(), fs::perms(0711));
    const fs::path liar = fs::read_symlink("/proc/self/exe").parent_path() / "../compromised/worker";
    for (const char* name : {"net", "delivery", "sync"}) {
      const fs::path worker = directory / "libexec/interimap" / name;
      fs::rename(worker, worker.string() + ".honest");
      fs::copy_file(liar, worker);
      fs::permissions(worker, fs::perms(0755));
    }
  }
  static const LyingTree& the() {
    static const LyingTree tree;
    return tree;
  }
};

// interimap or pullimap with that lie, not yet started.
template <class Program>
Command withLie(const Program& program, const char* name, const std::string& lie,
                std::vector<std::string> arguments) {
  Command command = program.command(LyingTree::the().directory / "bin" / name, std::move(arguments));
  command.environment.push_back("LIE=" + lie);
  command.timeout = kLongestLie;
  return command;
}

// To its end; its memory is looked at.
template <class Program>
Run runWithLie(const Program& program, const char* name, const std::string& lie,
               std::vector<std::string> arguments) {
  Command command = withLie(program, name, lie, std::move(arguments));
  MemoryWatch memory;
  pid_t group = -1;
  command.started = [&](pid_t pid) {
    group = pid;
    memory.start(pid);
  };
  Run run{bed::run(command)};
  memory.stop();
  CHECK_FALSE(run.timedOut);
  CHECK(eventually([&] { return processesOf(group) == ""; }, std::chrono::seconds(10)));
  CHECK(memory.proportional() < kMostMemoryOfLies);
  CHECK(memory.peak() < kMostMemoryOfLies);
  return run;
}

// Found out by whoever was lied to.
inline bool isRefusal(const Run& run) {
  return run.exitStatus == static_cast<int>(ExitStatus::internal) &&
         (run.says("a worker broke the protocol: ") || run.says("broke the protocol between us: ") ||
          run.says("protocol between processes: "));
}

// Mail on both sides that is to be copied, flags to be changed, and what was expunged.
struct Lied : Scripted {
  Lied() {
    add(local, "INBOX", 6, 1);
    add(remote, "INBOX", 5, 2);
    flag(local, 2, {"\\Flagged"});
    flag(remote, 3, {"\\Flagged", "keyword"});
  }
  // A first sync lies behind.
  void later() {
    requireDone(program.run({}));
    add(local, "INBOX", 4, 3);
    add(remote, "INBOX", 4, 4);
    flag(local, 0, {"\\Flagged", "\\Seen"});
    flag(remote, 1, {"\\Flagged"});
    expunge(local, 3);
    expunge(remote, 4);
  }
  static void flag(FakeServer& server, std::size_t i, std::set<std::string> flags) {
    server.access([&](auto& boxes) { boxes["INBOX"].setFlags(boxes["INBOX"].messages.at(i), flags); });
  }
  static void expunge(FakeServer& server, std::size_t i) {
    server.access([&](auto& boxes) { boxes["INBOX"].expunge(boxes["INBOX"].messages.at(i).uid); });
  }

  Run run(const std::string& lie, const std::string& argument = "--debug") const {
    return runWithLie(program, "interimap", lie, {argument});
  }
  void checkInOrder() const {
    if (fs::exists(program.database()))
      CHECK(sql(program.database(), "PRAGMA integrity_check; PRAGMA foreign_key_check") == "ok\n");
  }
};

}  // namespace interimap::bed
