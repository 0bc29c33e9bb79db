UPDATE intent_workers SET owner = NULL, expires = 0 WHERE name = ?1 AND epoch = ?2 AND owner = ?3;
