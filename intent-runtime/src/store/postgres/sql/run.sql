-- In which run of the server a statement is, told in two ways: by the server process, which outlives no crash, and by the last
-- checkpoint with the start of the server, since each crash is followed by a checkpoint. What a standby knows does not hold
-- after its promotion, which its processes outlive. `concat_ws` has its full name, because a function of the user's that takes
-- just these types would be preferred to it, wherever it is.
WITH run AS MATERIALIZED (
    SELECT pg_catalog.concat_ws(' ', pg_backend_pid(), extract(epoch FROM backend.backend_start), pg_is_in_recovery()) AS backend,
           pg_catalog.concat_ws(
               ' ', extract(epoch FROM pg_postmaster_start_time()), control.checkpoint_lsn, pg_is_in_recovery()
           ) AS checkpoint
    FROM pg_stat_get_activity(pg_backend_pid()) AS backend, pg_control_checkpoint() AS control
)
