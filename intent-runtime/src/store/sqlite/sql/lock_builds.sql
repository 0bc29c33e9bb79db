-- The builds of all versions of the model ?1.
SELECT name, version, build, epoch, owner, cursor, published FROM intent_workers WHERE model = ?1 ORDER BY name;
