SELECT version, compatible_from FROM intent_migrations ORDER BY version;
