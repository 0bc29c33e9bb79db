-- Who may read the relation $1 is to read the relation $2 too: the names, for the block that grants it.
SELECT set_config('intent.granted', $1, true), set_config('intent.granting', $2, true);
