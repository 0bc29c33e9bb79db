UPDATE intent.workers SET owner = NULL, expires = NULL WHERE name = $1 AND epoch = $2 AND owner = $3;
