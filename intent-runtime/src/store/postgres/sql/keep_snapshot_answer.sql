SELECT aggregate_type FROM last;
