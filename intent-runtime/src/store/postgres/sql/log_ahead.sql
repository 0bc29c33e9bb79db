SELECT positions, sizes, last_drawn, pg_is_in_recovery() FROM intent.log_ahead($1, $2);
