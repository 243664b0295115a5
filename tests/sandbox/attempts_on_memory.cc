// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Memory that could hold code, and memory that is a file.
#include <sys/mman.h>
#include <sys/syscall.h>

#include <cstdint>

#include "tests/sandbox/attempts.h"

namespace {

constexpr std::size_t kPage = 4096;
alignas(kPage) char page[kPage];

int mapped(const void* address) { return address == MAP_FAILED ? errno : 0; }

// As mmap, but every argument in the full width of its register.
int map(std::uint64_t protection, std::uint64_t flags, std::uint64_t descriptor) {
  return call(SYS_mmap, nullptr, kPage, protection, flags, descriptor, 0L);
}

constexpr std::uint64_t kPrivate = MAP_PRIVATE | MAP_ANONYMOUS;
constexpr std::uint64_t kNone = ~std::uint64_t{0};
constexpr std::uint64_t kGarbage = 0xdeadbeef00000000;

}  // namespace

const std::vector<Attempt> attemptsOnMemory = {
    {"mmap-executable", [](const Loot&) { return map(PROT_READ | PROT_WRITE | PROT_EXEC, kPrivate, kNone); }},
    {"mmap-only-executable", [](const Loot&) { return map(PROT_EXEC, kPrivate, kNone); }},
    {"mmap-executable-behind-garbage",
     [](const Loot&) { return map(kGarbage | PROT_EXEC, kGarbage | kPrivate, kNone); }},
    {"mmap-grows-down", [](const Loot&) { return map(PROT_READ | PROT_GROWSDOWN, kPrivate, kNone); }},
    {"mmap-file",
     [](const Loot& loot) { return map(PROT_READ, MAP_PRIVATE, static_cast<std::uint64_t>(loot.file)); }},
    {"mmap-file-as-anonymous",
     [](const Loot& loot) { return map(PROT_READ, kPrivate, static_cast<std::uint64_t>(loot.file)); }},
    {"mmap-shared-file",
     [](const Loot& loot) { return map(PROT_READ, MAP_SHARED, static_cast<std::uint64_t>(loot.file)); }},
    {"mmap", [](const Loot&) { return map(PROT_READ | PROT_WRITE, kPrivate, kNone); }},
    {"mmap-behind-garbage",
     [](const Loot&) { return map(kGarbage | PROT_READ, kGarbage | kPrivate, 0xffffffff); }},
    {"mprotect-executable",
     [](const Loot&) { return call(SYS_mprotect, page, kPage, PROT_READ | PROT_EXEC); }},
    {"mprotect-code",
     [](const Loot&) {
       auto code = reinterpret_cast<std::uintptr_t>(&mapped) & ~(kPage - 1);
       return call(SYS_mprotect, code, kPage, PROT_READ | PROT_WRITE);
     }},
    {"pkey_mprotect",
     [](const Loot&) { return call(SYS_pkey_mprotect, page, kPage, PROT_READ | PROT_EXEC, -1); }},
    {"mremap-over",
     [](const Loot&) {
       auto elsewhere = reinterpret_cast<std::uintptr_t>(page) + 16 * kPage;
       return mapped(mremap(page, kPage, kPage, MREMAP_MAYMOVE | MREMAP_FIXED, elsewhere));
     }},
    {"remap_file_pages", [](const Loot&) { return call(SYS_remap_file_pages, page, kPage, 0, 0, 0); }},
    {"madvise-mergeable", [](const Loot&) { return call(SYS_madvise, page, kPage, MADV_MERGEABLE); }},
    {"memfd_create",
     [](const Loot&) { return call(SYS_memfd_create, "x", MFD_CLOEXEC | MFD_ALLOW_SEALING); }},
    {"memfd_create-huge", [](const Loot&) { return call(SYS_memfd_create, "x", MFD_HUGETLB); }},
    {"memfd_secret", [](const Loot&) { return call(447, 0); }},
    {"shmget", [](const Loot&) { return call(SYS_shmget, 0, kPage, 01600); }},
    {"futex-wait",
     [](const Loot&) {
       int value = 0;
       return call(SYS_futex, &value, 0, 1, nullptr, nullptr, 0);
     }},
    {"futex-requeue-pi",
     [](const Loot&) {
       int value = 0;
       return call(SYS_futex, &value, 12, 1, nullptr, &value, 0);
     }},
};
