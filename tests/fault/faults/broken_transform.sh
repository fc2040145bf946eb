# shellcheck shell=bash disable=SC2034,SC2154,SC2317
# A transform that can't work is deployed by mistake: its source stops, says why, and goes on without loss once it is mended.
broken_transform() {
    local root
    root=$(other_root "s/record.project_id AS project_id/if(throwIf(record.project_id != '') = 0, record.project_id, '') AS project_id/" mv/events.sql)
    odw apply --no-check --root "$root" >/dev/null
    named 'throwIf|FUNCTION_THROW_IF'
    odw apply >/dev/null
}
