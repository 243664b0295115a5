// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/compromised/lies.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <memory>
#include <random>

#include "ipc/launch.h"

namespace interimap::compromised {
namespace {

std::span<const char> octetsOf(const Packet& packet) {
  return {reinterpret_cast<const char*>(packet.words.data()), packet.words.size() * 8};
}

int null() { return open("/dev/null", O_RDWR | O_CLOEXEC); }

// To launch, on the channel that the honest worker has as well.
bool tellLaunch(const Report& report) {
  Packet packet = pack(report);
  auto octets = octetsOf(packet);
  return write(Channel::kToLaunch, octets.data(), octets.size()) > 0;
}

}  // namespace

int memory(int seals) {
  int fd = memfd_create("bodies", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (ftruncate(fd, 1 << 20) != 0 || (seals != 0 && fcntl(fd, F_ADD_SEALS, seals) != 0)) _exit(99);
  return fd;
}

int readEndOfPipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) _exit(99);
  return ends[0];
}

int shortPipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0 || write(ends[1], "x", 1) != 1) _exit(99);
  return ends[0];
}

Between::Lie replacing(std::string_view what, std::string_view with) {
  return [what, with](Packet& packet, Between& between) {
    auto* begin = reinterpret_cast<char*>(packet.words.data());
    std::string_view octets(begin, packet.words.size() * 8);
    std::size_t at = octets.find(what);
    if (at == octets.npos) return false;
    std::copy(with.begin(), with.end(), begin + at);
    between.send(std::move(packet));
    return true;
  };
}

namespace {

// Told in place of the first packet, whatever it is.
const std::map<std::string, Between::Lie> kLies = {
    {"rubbish",
     [](Packet&, Between& between) {
       std::mt19937 random(1);
       std::string octets(512, '\0');
       for (char& c : octets) c = static_cast<char>(random());
       between.sendRaw(octets);
       return true;
     }},
    {"zeros", [](Packet&, Between& between) { return between.sendRaw(std::string(64, '\0')), true; }},
    {"odd size", [](Packet&, Between& between) { return between.sendRaw(std::string(7, 'x')), true; }},
    {"too long", [](Packet&, Between& between) { return between.sendRaw(std::string(65544, '\0')), true; }},
    {"two descriptors",
     [](Packet& packet, Between& between) {
       return between.sendRaw(octetsOf(packet), {null(), null()}), true;
     }},
    {"twenty descriptors",
     [](Packet& packet, Between& between) {
       return between.sendRaw(octetsOf(packet), std::vector<int>(20, null())), true;
     }},
    {"descriptor alone", [](Packet&, Between& between) { return between.sendRaw({}, {null()}), true; }},
    {"descriptor not due",
     [](Packet& packet, Between& between) {
       if (packet.descriptor) return false;
       return between.sendRaw(octetsOf(packet), {null()}), true;
     }},
    {"many segments",
     [](Packet& packet, Between& between) {
       packet.words[0] = 0xffffffffffffffff;
       return between.send(std::move(packet)), true;
     }},
    {"cut short",
     [](Packet& packet, Between& between) {
       if (packet.words.size() < 4) return false;
       packet.words.resize(packet.words.size() / 2);
       return between.send(std::move(packet)), true;
     }},
    {"pointers in circles",
     [](Packet& packet, Between& between) {
       for (std::size_t i = 2; i < packet.words.size(); ++i) packet.words[i] = 0xfffffffc | 1;
       return between.send(std::move(packet)), true;
     }},
    {"a report that is not its own",
     [](Packet& packet, Between& between) {
       tellLaunch({Synchronised{.copiedToLocal = 1}});
       return between.send(std::move(packet)), true;
     }},
    {"rubbish for launch",
     [](Packet& packet, Between& between) {
       if (write(Channel::kToLaunch, "rubbish", 7) < 0) return false;
       return between.send(std::move(packet)), true;
     }},
    {"a word of control characters",
     [](Packet& packet, Between& between) {
       tellLaunch(
           {LogLine{LogLevel::error, Component::database, "in\nbox\x1b[2J", "oops\r\nERROR: \x1b]0;t\a"}});
       return between.send(std::move(packet)), true;
     }},
    {"hang up", [](Packet&, Between& between) { return between.hangUp(), true; }},
};

// Seeds and rates of corruption go behind colons.
std::optional<Between::Lie> corruption(const std::string& name) {
  unsigned seed = 0, every = 1;
  if (sscanf(name.c_str(), "corrupt:%u:%u", &seed, &every) != 2) return std::nullopt;
  auto random = std::make_shared<std::mt19937>(seed);
  return [random, every](Packet& packet, Between&) {
    if ((*random)() % every != 0) return false;
    std::uint64_t& word = packet.words[(*random)() % packet.words.size()];
    switch ((*random)() % 3) {
      case 0: word ^= std::uint64_t{1} << ((*random)() % 64); break;
      case 1: word = (std::uint64_t{(*random)()} << 32) | (*random)(); break;
      case 2: word = 0; break;
    }
    return false;
  };
}

}  // namespace

std::optional<Between::Lie> lieNamed(const std::string& name) {
  if (auto it = kLies.find(name); it != kLies.end()) return it->second;
  if (auto lie = corruption(name)) return lie;
  if (auto lie = netLie(name)) return lie;
  if (auto lie = syncLie(name)) return lie;
  return deliveryLie(name);
}

}  // namespace interimap::compromised
