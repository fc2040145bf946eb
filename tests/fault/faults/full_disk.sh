# shellcheck shell=bash disable=SC2034,SC2154,SC2317
# ClickHouse's disk is full: its sources stop and say why, and go on by themselves when there is room; nothing is lost.
full_disk() {
    if [ -z "$SMALL_DISK" ]; then
        SAID='left out: this machine lets nobody mount a small disk'
        return
    fi
    fill_disk
    named '[Ss]pace'
    unfill_disk
}
