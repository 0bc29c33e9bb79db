-- Notes the names $2 of the events that the worker $1 hears, if those noted before are $3.
UPDATE intent.workers SET heard = $2 WHERE name = $1 AND heard IS NOT DISTINCT FROM $3;
