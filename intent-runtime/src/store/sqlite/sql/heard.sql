SELECT heard FROM intent_workers WHERE name = ?1;
