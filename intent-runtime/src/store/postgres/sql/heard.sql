SELECT heard FROM intent.workers WHERE name = $1;
