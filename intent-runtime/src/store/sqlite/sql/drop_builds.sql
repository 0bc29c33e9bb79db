-- The builds of the version ?2 of the model ?1 before the build ?3 are no more: all of them if ?4, or else those that are not
-- published.
DELETE FROM intent_workers WHERE model = ?1 AND version = ?2 AND build < ?3 AND (?4 OR NOT published);
