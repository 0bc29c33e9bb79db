-- Whether the build $1 has begun.
SELECT cursor <> 'start' OR published FROM intent.workers WHERE name = $1;
