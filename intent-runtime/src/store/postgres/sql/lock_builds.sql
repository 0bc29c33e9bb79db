-- The builds of all versions of the model $1, which stay as they are until the transaction ends.
SELECT name, version, build, epoch, owner, cursor, published FROM intent.workers WHERE model = $1 ORDER BY name FOR UPDATE;
