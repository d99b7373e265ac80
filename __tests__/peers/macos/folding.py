#!/usr/bin/env python3
"""Mounts a file system that finds names without case and Unicode composition, as APFS does: folding.py BACKING MOUNT.

Names keep the spelling in which they were made. A name may have 255 UTF-16 units, whatever its bytes. A file whose name
begins with "cloud-" is listed as a link, though looked at by itself it is a file, as Windows lists what lies in a cloud.
"""

import errno
import hashlib
import os
import stat
import sys
import unicodedata

from fusepy import FUSE, FuseOSError, Operations


def fold(name):
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", name).casefold())


class Folding(Operations):
    """Keeps each entry under a hash of its folded name; its true name is in an extended list beside it."""

    use_ns = True

    def __init__(self, root):
        self.root = os.path.realpath(root)
        self.names = {}

    def back(self, path):
        place = self.root
        for name in path.split("/"):
            if name == "":
                continue
            if len(name.encode("utf-16-le")) > 2 * 255:
                raise FuseOSError(errno.ENAMETOOLONG)
            place = os.path.join(place, hashlib.sha1(fold(name).encode()).hexdigest())
        return place

    def make(self, path):
        place = self.back(path)
        if not os.path.lexists(place):
            self.names[place] = path.rsplit("/", 1)[1]
        return place

    def getattr(self, path, fh=None):
        try:
            found = os.lstat(self.back(path))
        except OSError as error:
            raise FuseOSError(error.errno)
        keys = ("st_mode", "st_ino", "st_dev", "st_nlink", "st_uid", "st_gid", "st_size")
        told = {key: getattr(found, key) for key in keys}
        for key in ("st_atime", "st_mtime", "st_ctime"):
            told[key] = getattr(found, key + "_ns")
        return told

    def readdir(self, path, fh):
        place = self.back(path)
        yield from (".", "..")
        for hashed in os.listdir(place):
            name = self.names[os.path.join(place, hashed)]
            found = os.lstat(os.path.join(place, hashed))
            mode = stat.S_IFLNK if name.startswith("cloud-") else found.st_mode
            yield name, {"st_mode": mode, "st_ino": found.st_ino}, 0

    def mkdir(self, path, mode):
        os.mkdir(self.make(path), mode)

    def rmdir(self, path):
        os.rmdir(self.back(path))

    def unlink(self, path):
        os.unlink(self.back(path))

    def symlink(self, target, source):
        os.symlink(source, self.make(target))

    def readlink(self, path):
        return os.readlink(self.back(path))

    def rename(self, old, new):
        source, target = self.back(old), self.back(new)
        if not os.path.lexists(target) or source == target:
            self.names[target] = new.rsplit("/", 1)[1]
        for place, name in list(self.names.items()):
            if place.startswith(source + "/"):
                self.names[target + place[len(source):]] = name
        os.rename(source, target)

    def chmod(self, path, mode):
        os.chmod(self.back(path), mode)

    def chown(self, path, uid, gid):
        os.chown(self.back(path), uid, gid)

    def utimens(self, path, times=None):
        os.utime(self.back(path), ns=times)

    def truncate(self, path, length, fh=None):
        os.truncate(self.back(path), length)

    def create(self, path, mode, fi=None):
        place = self.back(path)
        if os.path.lexists(place):
            raise FuseOSError(errno.EEXIST)
        return os.open(self.make(path), os.O_RDWR | os.O_CREAT, mode)

    def open(self, path, flags):
        return os.open(self.back(path), flags & ~os.O_NOFOLLOW)

    def read(self, path, size, offset, fh):
        return os.pread(fh, size, offset)

    def write(self, path, data, offset, fh):
        return os.pwrite(fh, data, offset)

    def release(self, path, fh):
        os.close(fh)


if __name__ == "__main__":
    FUSE(Folding(sys.argv[1]), sys.argv[2], foreground=True, nothreads=True, use_ino=True, attr_timeout=0, entry_timeout=0)
