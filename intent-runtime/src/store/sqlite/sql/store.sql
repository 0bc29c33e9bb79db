-- One row: what tells this store's cursors from those of another.
CREATE TABLE intent_store (id BLOB NOT NULL) STRICT;
INSERT INTO intent_store VALUES (randomblob(16));
