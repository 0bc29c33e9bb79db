SELECT version, checksum, success FROM intent.migrations ORDER BY version;
