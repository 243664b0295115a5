// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/model/memory_files.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace interimap::model {

namespace {

struct OpenFile : sqlite3_file {
  std::string* data;  // in MemoryFiles::contents
  std::string* onDisk;

  std::string& bytes() const { return *data; }
};

constexpr int kLongestPath = 64;

OpenFile& fileOf(sqlite3_file* file) { return *static_cast<OpenFile*>(file); }

int closeFile(sqlite3_file*) { return SQLITE_OK; }

int readFile(sqlite3_file* file, void* buffer, int count, sqlite3_int64 offset) {
  const std::string& bytes = fileOf(file).bytes();
  auto from = std::min(static_cast<std::size_t>(offset), bytes.size());
  auto have = std::min(static_cast<std::size_t>(count), bytes.size() - from);
  std::memcpy(buffer, bytes.data() + from, have);
  std::memset(static_cast<char*>(buffer) + have, 0, static_cast<std::size_t>(count) - have);
  return have == static_cast<std::size_t>(count) ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

int writeFile(sqlite3_file* file, const void* buffer, int count, sqlite3_int64 offset) {
  std::string& bytes = fileOf(file).bytes();
  auto end = static_cast<std::size_t>(offset) + static_cast<std::size_t>(count);
  if (bytes.size() < end) bytes.resize(end);
  std::memcpy(bytes.data() + offset, buffer, static_cast<std::size_t>(count));
  return SQLITE_OK;
}

int truncateFile(sqlite3_file* file, sqlite3_int64 size) {
  fileOf(file).bytes().resize(static_cast<std::size_t>(size));
  return SQLITE_OK;
}

int fileSize(sqlite3_file* file, sqlite3_int64* size) {
  *size = static_cast<sqlite3_int64>(fileOf(file).bytes().size());
  return SQLITE_OK;
}

int syncFile(sqlite3_file* file, int) {
  *fileOf(file).onDisk = *fileOf(file).data;
  return SQLITE_OK;
}
int noLock(sqlite3_file*, int) { return SQLITE_OK; }
int notReserved(sqlite3_file*, int* out) { return *out = 0, SQLITE_OK; }
int noControl(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
int sectorSize(sqlite3_file*) { return 4096; }
int characteristics(sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }

// Version 1: a write-ahead log without shared memory is fine for a database locked exclusively.
constexpr sqlite3_io_methods kMethods{
    1,      closeFile,   readFile,  writeFile,  truncateFile,    syncFile, fileSize, noLock,
    noLock, notReserved, noControl, sectorSize, characteristics, {},       {},       {},
    {},     {},          {}};

MemoryFiles* filesOf(sqlite3_vfs* vfs) { return static_cast<MemoryFiles*>(vfs->pAppData); }

int openFile(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* outFlags) {
  OpenFile& open = fileOf(file);
  open.pMethods = nullptr;
  if (path == nullptr) return SQLITE_CANTOPEN;
  open.data = &filesOf(vfs)->contents[path];
  open.onDisk = &filesOf(vfs)->onDisk[path];
  open.pMethods = &kMethods;
  if (outFlags != nullptr) *outFlags = flags;
  return SQLITE_OK;
}

int deleteFile(sqlite3_vfs* vfs, const char* path, int) {
  filesOf(vfs)->contents.erase(path);
  filesOf(vfs)->onDisk.erase(path);
  return SQLITE_OK;
}

int access(sqlite3_vfs* vfs, const char* path, int, int* result) {
  const MemoryFiles::Contents& contents = filesOf(vfs)->contents;
  auto it = contents.find(path);
  *result = it != contents.end() && !it->second.empty();
  return SQLITE_OK;
}

int fullPathname(sqlite3_vfs*, const char* path, int size, char* out) {
  sqlite3_snprintf(size, out, "%s", path);
  return SQLITE_OK;
}

int noRandomness(sqlite3_vfs*, int count, char* out) {
  std::memset(out, 0, static_cast<std::size_t>(count));
  return count;
}

int noSleep(sqlite3_vfs*, int) { return 0; }
int noTime(sqlite3_vfs*, double* now) { return *now = 2451545.0, SQLITE_OK; }
int noError(sqlite3_vfs*, int, char*) { return 0; }

sqlite3_vfs theVfs{
    1,      sizeof(OpenFile), kLongestPath, nullptr, "interimap-model", nullptr, openFile,     deleteFile,
    access, fullPathname,     nullptr,      nullptr, nullptr,           nullptr, noRandomness, noSleep,
    noTime, noError,          nullptr,      nullptr, nullptr,           nullptr};

}  // namespace

MemoryFiles::MemoryFiles() {
  theVfs.pAppData = this;
  // One thread, and many short lives of a database: no locks, no statistics, small pieces of memory at hand.
  sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
  sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 512, 1000);
  if (sqlite3_vfs_register(&theVfs, 1) != SQLITE_OK) throw std::runtime_error("sqlite3_vfs_register");
}

MemoryFiles::~MemoryFiles() { sqlite3_vfs_unregister(&theVfs); }

// In place: open files point to theirs.
void MemoryFiles::sync() {
  for (const auto& [path, bytes] : contents) onDisk[path] = bytes;
}

}  // namespace interimap::model
