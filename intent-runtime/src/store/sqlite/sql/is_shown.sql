-- Whether the views show the build ?1, and whether it is of the newest version that they show.
SELECT published,
       NOT EXISTS (SELECT 1 FROM intent_workers AS other WHERE other.model = own.model AND other.published AND other.version > own.version)
FROM intent_workers AS own
WHERE name = ?1;
