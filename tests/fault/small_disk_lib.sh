# tests/fault/small_disk_lib: a disk that a test may fill. Sourced by bash first of all, and once: the test begins anew with mounts of its
# own, which go with it.
# shellcheck shell=bash disable=SC2034
#
#   small_disk   for STACK_PREPARE: SMALL_DISK, or nothing where this machine lets nobody mount one
#   fill_disk    until there is no room; unfill_disk takes that back

if [ -z "${OWN_MOUNTS:-}" ]; then
    for how in '-m' '-rm'; do
        if unshare $how true 2>/dev/null; then
            OWN_MOUNTS=1 exec unshare $how "$0" "$@"
        fi
    done
fi

SMALL_DISK_SIZE=size=3g

# ClickHouse's folder on a file system of 3 GiB, where mounts are ours; /mnt as everyone else sees it stays as it is.
small_disk() {
    SMALL_DISK=
    if [ -n "${OWN_MOUNTS:-}" ] && mount -t tmpfs -o $SMALL_DISK_SIZE odw-small-disk /mnt 2>/dev/null; then
        SMALL_DISK=/mnt
        mkdir /mnt/clickhouse
        ln -s /mnt/clickhouse "$STACK_DIR/clickhouse"
    fi
}

# At once, so that nothing ends meanwhile: the file system shrinks to what it holds, and only the rest is filled.
fill_disk() {
    local used
    for _ in 1 2 3 4 5; do
        used=$(df --output=used -m "$SMALL_DISK" | tail -n 1)
        mount -o "remount,size=$((used + 64))m" "$SMALL_DISK" 2>/dev/null && break
    done
    dd if=/dev/zero of="$SMALL_DISK/fill" bs=1M status=none 2>/dev/null || true
}

unfill_disk() {
    rm -f "$SMALL_DISK/fill"
    mount -o "remount,$SMALL_DISK_SIZE" "$SMALL_DISK"
}
