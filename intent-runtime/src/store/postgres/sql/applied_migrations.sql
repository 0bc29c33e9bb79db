SELECT version, compatible_from FROM intent.migrations ORDER BY version;
