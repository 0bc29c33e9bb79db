UPDATE intent.workers SET heard = $4 WHERE name = $1 AND epoch = $2 AND owner = $3;
