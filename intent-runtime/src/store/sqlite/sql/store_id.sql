SELECT id FROM intent_store;
