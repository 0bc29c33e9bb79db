-- Whether the connection is in no transaction: then this statement begins one, and both times are the same.
SELECT now() = statement_timestamp();
