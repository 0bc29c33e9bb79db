-- Notes the first build ?1 of the version ?3 of the model ?2, if the version has none.
INSERT INTO intent_workers (name, model, version, build)
SELECT ?1, ?2, ?3, 1
WHERE NOT EXISTS (SELECT 1 FROM intent_workers WHERE model = ?2 AND version = ?3)
ON CONFLICT (name) DO NOTHING;
