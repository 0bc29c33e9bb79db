-- Whether the connection is in no transaction: then one begins with this statement.
SELECT now() = statement_timestamp();
