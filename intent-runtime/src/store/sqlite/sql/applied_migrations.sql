SELECT version, checksum, success FROM intent_migrations ORDER BY version;
