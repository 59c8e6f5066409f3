"""The command that runs a job in its image: as its user, in its files, which it may not write."""

import shutil
from collections.abc import Mapping, Sequence
from typing import Any

from .job_image import Root

# In a mount namespace of its own, so that all of it is gone with the job. What a container has of
# the machine: its kernel, its network, five devices, and the folders that the definition mounts.
SCRIPT = r"""
set -eu
root=$1 user=$2 folder=$3 read_only=$4 shared=$5 chroot=$6
shift 6
mkdir -p "$root/proc" "$root/dev"
mount --bind "$root" "$root"
mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
mount -t tmpfs -o mode=755,nosuid,noexec tmpfs "$root/dev"
for node in null zero full random urandom; do
  : > "$root/dev/$node"
  mount --bind "/dev/$node" "$root/dev/$node"
done
mkdir "$root/dev/shm"
mount -t tmpfs -o "mode=1777,nosuid,nodev,noexec,size=${shared}m" tmpfs "$root/dev/shm"
while [ "$1" != -- ]; do
  mkdir -p "$root$2"
  case $1 in
    tmpfs) mount -t tmpfs -o "$3" tmpfs "$root$2" ;;
    bind) mount --bind "$3" "$root$2"; chown "$user" "$root$2" ;;
  esac
  shift 3
done
shift
if [ "$read_only" = true ]; then mount -o remount,bind,ro "$root"; fi
exec "$chroot" --userspec="$user" --groups= "$root" \
  /bin/sh -c 'cd "$1"; shift; exec "$@"' sh "$folder" "$@"
"""
# Docker's, where the definition says nothing.
SHARED_MIB = 64


def image_command(
    root: Root,
    container: Mapping[str, Any],
    command: Sequence[str],
    volumes: Mapping[str, str],
) -> list[str]:
    """Give the command line.

    Parameters
    ----------
    root
        The unpacked image.
    container
        Container properties of the job definition, in the API's words.
    command
        What runs in the container.
    volumes
        Folder of this machine for each path at which the container mounts one.
    """
    linux = container.get("linuxParameters") or {}
    mounted: list[str] = []
    for entry in linux.get("tmpfs") or []:
        options = ",".join(
            ["mode=1777", f"size={entry['size']}m", *(entry.get("mountOptions") or [])]
        )
        mounted += ["tmpfs", entry["containerPath"], options]
    for path, folder in volumes.items():
        mounted += ["bind", path, folder]
    return [
        *("unshare", "--mount", "--propagation", "private", "--", "/bin/sh", "-c", SCRIPT, "job"),
        str(root.path),
        container.get("user") or root.user,
        root.folder,
        str(bool(container.get("readonlyRootFilesystem"))).lower(),
        str(linux.get("sharedMemorySize") or SHARED_MIB),
        # Not on the image's PATH, which may hold no folder of programs for root.
        shutil.which("chroot") or "chroot",
        *mounted,
        "--",
        *command,
    ]
