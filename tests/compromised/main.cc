// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// A worker that is compromised: stands in the place of net, delivery or sync, has the honest one beside it
// (the same name with ".honest") do the work, and lies once to its peer: to sync, or, in the place of sync,
// to one of the others. LIE in launch's environment is "ROLE=LIE", "sync=VICTIM=LIE"; in any other role, and
// without it, the honest one takes its place.
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ipc/failure.h"
#include "tests/compromised/lies.h"

namespace interimap::compromised {
namespace {

[[noreturn]] void becomeHonest(char** words) {
  std::string path = std::string(words[0]) + ".honest";
  words[0] = path.data();
  execv(path.c_str(), words);
  _exit(127);
}

// Stands between the honest worker, which is started, and whoever is at `descriptor`.
void standBetween(char** words, int descriptor, Between::Lie lie, Between::Passing passing = {}) {
  std::vector<int> others;  // held by the honest one alone, so that its end is seen
  for (int other : {Channel::kFirstPeer, Channel::kFirstPeer + 1})
    if (other != descriptor && fcntl(other, F_GETFD) >= 0) others.push_back(other);
  auto [ours, its] = Channel::pair();
  const bool isSync = std::string_view(words[1]) == "sync";
  pid_t parent = getpid(), honest = fork();
  if (honest == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent || dup2(its.get(), descriptor) < 0) _exit(127);
    becomeHonest(words);
  }
  its = {};
  for (int other : others) close(other);
  try {
    Between(Descriptor(descriptor), std::move(ours), std::move(lie), std::move(passing)).serve();
  } catch (const PeerGone&) {
  }
  if (isSync) waitpid(honest, nullptr, 0);  // it says what ended the run
}

// The channel to a delivery process comes from launch, later.
void standBeforeDelivery(char** words, const Between::Lie& lie) {
  standBetween(words, Channel::kToLaunch, {}, [lie](Packet& packet) {
    if (!packet.descriptor) return;
    auto [ours, its] = Channel::pair();
    if (fork() == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      its = {};
      close(Channel::kToLaunch);
      try {
        Between(std::move(packet.descriptor), std::move(ours), lie).serve();
      } catch (const PeerGone&) {
      }
      _exit(0);
    }
    packet.descriptor = std::move(its);
  });
}

// Workers get next to nothing of the environment.
std::string lieInTheParent() {
  std::ifstream file("/proc/" + std::to_string(getppid()) + "/environ");
  for (std::string variable; std::getline(file, variable, '\0');)
    if (variable.starts_with("LIE=")) return variable.substr(4);
  return {};
}

int live(char** words) {
  const std::string lie = lieInTheParent();
  const std::string role = std::string(words[1]) + "=";
  if (!lie.starts_with(role)) becomeHonest(words);
  std::string name = lie.substr(role.size());
  std::string victim;
  if (role == "sync=") {
    auto end = std::min(name.find('='), name.size());
    victim = name.substr(0, end);
    name.erase(0, end + 1);
  }
  auto told = lieNamed(name);
  if (!told) return 98;
  const std::map<std::string, int> kDescriptors = {
      {"", Channel::kFirstPeer},      {"launch", Channel::kToLaunch},      {"net", Channel::kFirstPeer},
      {"local", Channel::kFirstPeer}, {"remote", Channel::kFirstPeer + 1}, {"delivery", Channel::kToLaunch}};
  auto descriptor = kDescriptors.find(victim);
  if (descriptor == kDescriptors.end()) return 98;
  victim == "delivery" ? standBeforeDelivery(words, *told) : standBetween(words, descriptor->second, *told);
  return 0;
}

}  // namespace
}  // namespace interimap::compromised

int main(int count, char** words) { return count < 2 ? 98 : interimap::compromised::live(words); }
