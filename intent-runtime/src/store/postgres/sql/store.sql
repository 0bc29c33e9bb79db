-- One row: what tells this store's cursors from those of another. It stays with the data when a dump is restored.
CREATE TABLE intent.store (id uuid NOT NULL DEFAULT gen_random_uuid());
INSERT INTO intent.store DEFAULT VALUES;
